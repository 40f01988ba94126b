#pragma once
// Reads the encodings of DWARF from bytes that may be damaged. A read beyond the end yields 0 and
// makes has_failed() true for good.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace pymemflow::interpose {

using Bytes = std::span<const unsigned char>;

// DW_EH_PE_*: how a pointer is stored. The low four bits are its size, the others its base.
enum PointerEncoding : std::uint8_t {
  kAbsolutePointer = 0x00,
  kPointerOmitted = 0xff,
  kPointerFormat = 0x0f,
  kPointerBase = 0x70,
  kFromPointer = 0x10,  // relative to the address of the pointer itself
  kFromData = 0x30,     // relative to .eh_frame_hdr
  kIndirect = 0x80,
};

class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : cursor_(bytes.data()), end_(cursor_ + bytes.size()) {}

  bool has_failed() const { return has_failed_; }
  bool is_at_end() const { return cursor_ == end_; }
  std::uintptr_t address() const { return reinterpret_cast<std::uintptr_t>(cursor_); }
  Bytes rest() const { return {cursor_, end_}; }

  template <typename Number>
  Number read() {
    Number number{};
    if (static_cast<std::size_t>(end_ - cursor_) < sizeof number) {
      fail();
      return number;
    }
    std::memcpy(&number, cursor_, sizeof number);
    cursor_ += sizeof number;
    return number;
  }

  // The next `count` bytes.
  Bytes take(std::uint64_t count) {
    if (count > static_cast<std::size_t>(end_ - cursor_)) {
      fail();
      return {};
    }
    const Bytes taken{cursor_, static_cast<std::size_t>(count)};
    cursor_ += count;
    return taken;
  }

  std::uint64_t uleb() {
    unsigned bits = 0;
    unsigned char byte = 0;
    return leb(bits, byte);
  }
  std::int64_t sleb() {
    unsigned bits = 0;
    unsigned char byte = 0;
    std::uint64_t value = leb(bits, byte);
    if (bits < 64 && (byte & 0x40) != 0) value |= ~std::uint64_t{0} << bits;
    return static_cast<std::int64_t>(value);
  }

  // A pointer of this encoding. `data` is the address that kFromData is relative to, 0: unknown.
  std::uintptr_t pointer(std::uint8_t encoding, std::uintptr_t data);

 private:
  void fail() {
    has_failed_ = true;
    cursor_ = end_;
  }
  std::uint64_t leb(unsigned& bits, unsigned char& byte) {
    std::uint64_t value = 0;
    do {
      byte = read<unsigned char>();
      if (bits < 64) value |= static_cast<std::uint64_t>(byte & 0x7f) << bits;
      bits += 7;
    } while ((byte & 0x80) != 0);
    return value;
  }
  std::uint64_t stored(std::uint8_t format);

  const unsigned char* cursor_;
  const unsigned char* end_;
  bool has_failed_ = false;
};

inline std::uint64_t ByteReader::stored(std::uint8_t format) {
  switch (format) {
    case 0x00:  // absolute
    case 0x04:  // udata8
    case 0x0c:  // sdata8
      return read<std::uint64_t>();
    case 0x01:
      return uleb();
    case 0x02:
      return read<std::uint16_t>();
    case 0x03:
      return read<std::uint32_t>();
    case 0x09:
      return static_cast<std::uint64_t>(sleb());
    case 0x0a:
      return static_cast<std::uint64_t>(std::int64_t{read<std::int16_t>()});
    case 0x0b:
      return static_cast<std::uint64_t>(std::int64_t{read<std::int32_t>()});
    default:
      fail();
      return 0;
  }
}

inline std::uintptr_t ByteReader::pointer(std::uint8_t encoding, std::uintptr_t data) {
  const std::uintptr_t place = address();
  const std::uint64_t value = stored(encoding & kPointerFormat);
  if ((encoding & kIndirect) != 0) fail();
  switch (encoding & kPointerBase) {
    case kAbsolutePointer:
      return value;
    case kFromPointer:
      return value + place;
    case kFromData:
      if (data == 0) fail();
      return value + data;
    default:
      fail();
      return 0;
  }
}

}  // namespace pymemflow::interpose
