#pragma once
// Reads a code object, the first time that one of its instructions is seen. Needs neither an
// allocation nor the GIL: the running frame keeps the code object and the objects that it refers to
// alive.

#include <cstddef>
#include <cstdint>

#include "pyframe/interpreter.h"

namespace pymemflow::pyframe {

// The characters of a Python string, in place.
struct Text {
  const void* characters = nullptr;
  std::size_t length = 0;                // in characters
  std::uint8_t bytes_per_character = 1;  // 1 (Latin-1), 2 or 4
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

// Whether the interpreter made this code object for itself: the one that calls an __init__() for a
// class whose call is specialised (3.12 on). Its frames are in no traceback. It has no line, and
// its name is its file.
bool is_of_interpreter(const Interpreter& interpreter, const void* code);

// False: `object` is not a code object, or a part of it does not have the expected type.
bool describe_code(const Interpreter& interpreter, const void* object, Code& code);

}  // namespace pymemflow::pyframe
