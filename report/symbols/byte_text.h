#pragma once
// Numbers and texts as bytes, for messages between two processes of the same version on one
// machine. Report side; pure.

#include <cstdint>
#include <cstring>
#include <string_view>

#include "report/base/memory.h"

namespace pymemflow::report {

inline void put_number(String& bytes, std::uint64_t number) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  bytes.append(raw, sizeof raw);
}

inline void put_text(String& bytes, std::string_view text) {
  put_number(bytes, text.size());
  bytes += text;
}

// Reads what the functions above wrote. After the first failure everything is empty or 0.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}

  std::uint64_t number() {
    std::uint64_t number = 0;
    const std::string_view raw = take(sizeof number);
    if (raw.size() == sizeof number) std::memcpy(&number, raw.data(), sizeof number);
    return number;
  }
  std::string_view text() { return take(number()); }
  bool is_sound() const { return is_sound_; }
  bool is_at_end() const { return is_sound_ && left_.empty(); }

 private:
  std::string_view take(std::uint64_t size) {
    if (!is_sound_ || size > left_.size()) {
      is_sound_ = false;
      return {};
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::string_view left_;
  bool is_sound_ = true;
};

// The frames of an instruction (report/symbols/code_lines.h).
template <class Lines>
void put_lines(String& bytes, const Lines& lines) {
  put_number(bytes, lines.size());
  for (const auto& line : lines) {
    put_text(bytes, line.function);
    put_text(bytes, line.file);
    put_number(bytes, static_cast<std::uint64_t>(line.line));
  }
}

template <class Lines>
void read_lines(Bytes& bytes, Lines& lines) {
  for (std::uint64_t left = bytes.number(); left > 0 && bytes.is_sound(); --left) {
    auto& line = lines.emplace_back();
    line.function = bytes.text();
    line.file = bytes.text();
    line.line = static_cast<std::int32_t>(bytes.number());
  }
  if (!bytes.is_sound()) lines.clear();
}

}  // namespace pymemflow::report
