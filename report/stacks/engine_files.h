#pragma once
// The files whose code serves every program: the interpreter, the C library and the loader. Pure.

#include <string_view>

namespace pymemflow::report {

// Whether the file is one of them, by its path.
bool is_engine(std::string_view path);

}  // namespace pymemflow::report
