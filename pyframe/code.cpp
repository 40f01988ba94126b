#include "pyframe/code.h"

#include <limits>

#include "pyframe/code_death.h"
#include "pyframe/frame.h"

namespace pymemflow::pyframe {
namespace {

using detail::load;

constexpr std::uint32_t kLastCodePoint = 0x10FFFF;

// Bits of PyASCIIObject.state, from its kind on.
constexpr std::uint32_t kKindMask = 7;
constexpr std::uint32_t kCompact = 1u << 3;
constexpr std::uint32_t kAscii = 1u << 4;

struct Bytes {
  const std::uint8_t* data;
  std::size_t size;
};

std::uint32_t code_point(const Text& text, std::size_t index) {
  std::uint32_t point = 0;
  switch (text.bytes_per_character) {
    case 1:
      point = static_cast<const std::uint8_t*>(text.characters)[index];
      break;
    case 2:
      point = static_cast<const std::uint16_t*>(text.characters)[index];
      break;
    default:
      point = static_cast<const std::uint32_t*>(text.characters)[index];
      break;
  }
  return point <= kLastCodePoint ? point : '?';
}

bool has_type(const FrameLayout& layout, const void* object, const void* type) {
  return object != nullptr && detail::type_of(layout, object) == type;
}

// Up to 3.11 a string may have no characters yet (not ready), or have them elsewhere (legacy). The
// compiler creates neither, nor a subclass of str.
bool read_text(const Interpreter& interpreter, const void* object, Text& text) {
  const FrameLayout& layout = interpreter.layout;
  if (!has_type(layout, object, interpreter.text_type)) return false;
  const std::size_t growth = layout.header_growth;
  const auto length = load<std::int64_t>(object, kTextLength + growth);
  const std::uint32_t state =
      load<std::uint32_t>(object, kTextState + growth) >> layout.text_kind_bit;
  const std::uint32_t kind = state & kKindMask;
  if (length < 0 || (state & kCompact) == 0) return false;
  if (kind != 1 && kind != 2 && kind != 4) return false;
  const bool is_ascii = (state & kAscii) != 0;
  text.characters =
      static_cast<const char*>(object) + (is_ascii ? layout.ascii_data : layout.compact_data);
  text.length = static_cast<std::size_t>(length);
  text.bytes_per_character = static_cast<std::uint8_t>(kind);
  return true;
}

bool read_bytes(const Interpreter& interpreter, const void* object, Bytes& bytes) {
  const FrameLayout& layout = interpreter.layout;
  if (!has_type(layout, object, interpreter.bytes_type)) return false;
  const std::size_t growth = layout.header_growth;
  const auto size = load<std::int64_t>(object, kObjectSize + growth);
  if (size < 0) return false;
  bytes.data = static_cast<const std::uint8_t*>(object) + kBytesData + growth;
  bytes.size = static_cast<std::size_t>(size);
  return true;
}

// From 3.11 on the bytecode is part of the code object, whose size counts two-byte units.
bool read_bytecode_bytes(const Interpreter& interpreter, const void* code, std::size_t& bytes) {
  const FrameLayout& layout = interpreter.layout;
  if (layout.position_shape == PositionShape::Instruction) {
    const auto units = load<std::int64_t>(code, kObjectSize + std::size_t{layout.header_growth});
    if (units < 0 || units > std::numeric_limits<std::int32_t>::max() / 2) return false;
    bytes = static_cast<std::size_t>(units) * 2;
    return true;
  }
  Bytes bytecode;
  if (!read_bytes(interpreter, load<const void*>(code, layout.code_bytecode), bytecode)) {
    return false;
  }
  bytes = bytecode.size;
  return true;
}

}  // namespace

std::size_t utf8_size(const Text& text) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.length; ++i) {
    const std::uint32_t point = code_point(text, i);
    size += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return size;
}

char* write_utf8(const Text& text, char* out) {
  const auto put = [&out](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  const auto put_rest = [&put](std::uint32_t point, int shift) {
    put(0x80 | ((point >> shift) & 0x3F));
  };
  for (std::size_t i = 0; i < text.length; ++i) {
    const std::uint32_t point = code_point(text, i);
    if (point < 0x80) {
      put(point);
      continue;
    }
    if (point < 0x800) {
      put(0xC0 | (point >> 6));
    } else if (point < 0x10000) {
      put(0xE0 | (point >> 12));
      put_rest(point, 6);
    } else {
      put(0xF0 | (point >> 18));
      put_rest(point, 12);
      put_rest(point, 6);
    }
    put_rest(point, 0);
  }
  return out;
}

bool is_of_interpreter(const Interpreter& interpreter, const void* code) {
  const FrameLayout& layout = interpreter.layout;
  return load<std::int32_t>(code, layout.code_first_line) == 0 &&
         load<const void*>(code, layout.code_filename) == load<const void*>(code, layout.code_name);
}

bool describe_code(const Interpreter& interpreter, const void* object, Code& code) {
  if (!is_known(interpreter)) return false;
  const FrameLayout& layout = interpreter.layout;
  if (!has_type(layout, object, interpreter.code_type) || is_dying(object)) return false;
  const auto member = [object](std::uint16_t offset) { return load<const void*>(object, offset); };
  Bytes line_table;
  if (!read_text(interpreter, member(layout.code_filename), code.filename) ||
      !read_text(interpreter, member(layout.code_name), code.name) ||
      !read_bytes(interpreter, member(layout.code_line_table), line_table) ||
      !read_bytecode_bytes(interpreter, object, code.bytecode_bytes)) {
    return false;
  }
  code.first_line = load<std::int32_t>(object, layout.code_first_line);
  code.line_table_format = layout.line_table_format;
  code.line_table = line_table.data;
  code.line_table_bytes = line_table.size;
  return true;
}

}  // namespace pymemflow::pyframe
