#pragma once
// What a code object says of itself, read the first time that one of its instructions is seen. No
// allocation, no GIL: the running frame keeps the code object and what it refers to alive.

#include <cstddef>
#include <cstdint>

#include "pyframe/interpreter.h"

namespace pymemflow::pyframe {

// The characters of a Python string where they lie.
struct Text {
  const void* characters = nullptr;
  std::size_t length = 0;              // in characters
  std::uint8_t bytes_a_character = 1;  // 1 (Latin-1), 2 or 4
};

// Length of the text in UTF-8. A lone surrogate takes three bytes, as "surrogatepass" writes it.
std::size_t utf8_size(const Text& text);
// Writes utf8_size(text) bytes to out; returns the end.
char* write_utf8(const Text& text, char* out);

struct Code {
  Text filename;  // co_filename, whole
  Text name;      // co_name
  std::int32_t first_line;
  LineTableFormat line_table_format;
  const std::uint8_t* line_table;
  std::size_t line_table_bytes;
  std::size_t bytecode_bytes;
};

// False when `object` is not a code object, or a part of it is not what it should be: then nothing
// may be said of it.
bool describe_code(const Interpreter& interpreter, const void* object, Code& code);

}  // namespace pymemflow::pyframe
