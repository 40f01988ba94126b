#pragma once
// Puts a text that ends with a zero, such as a path, together in a buffer of fixed size. Allocates
// nothing. Any thread, also inside a hook.

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace pymemflow::platform {

// The text belongs to the caller's buffer. Once a part does not fit, nothing is added any more, and
// text() is empty.
class PathText {
 public:
  // The first `used` bytes of the buffer are the beginning of the text.
  explicit PathText(std::span<char> buffer, std::size_t used = 0) : buffer_(buffer) { cut(used); }

  PathText& add(std::string_view part) {
    is_cut_ = is_cut_ || part.size() >= buffer_.size() - used_;
    if (is_cut_) return *this;
    std::memcpy(buffer_.data() + used_, part.data(), part.size());
    buffer_[used_ += part.size()] = '\0';
    return *this;
  }
  PathText& add(std::uint64_t number) {
    char digits[20];
    const char* const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return add({digits, static_cast<std::size_t>(end - digits)});
  }
  // Keeps the first bytes alone, and takes further parts again.
  PathText& cut(std::size_t bytes) {
    is_cut_ = false;
    buffer_[used_ = bytes] = '\0';
    return *this;
  }

  bool fits() const { return !is_cut_; }
  const char* text() const { return is_cut_ ? "" : buffer_.data(); }
  std::string_view view() const { return {text(), is_cut_ ? 0 : used_}; }

 private:
  std::span<char> buffer_;
  std::size_t used_ = 0;
  bool is_cut_ = false;
};

// The same with a buffer of its own.
template <std::size_t kBytes>
struct PathBuffer {
  char bytes[kBytes];
};
template <std::size_t kBytes>
class OwnPathText : PathBuffer<kBytes>, public PathText {
 public:
  OwnPathText() : PathText(this->bytes) {}
  OwnPathText(const OwnPathText&) = delete;
  OwnPathText& operator=(const OwnPathText&) = delete;
};

}  // namespace pymemflow::platform
