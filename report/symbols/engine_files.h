#pragma once
// The files whose code serves every program: the interpreter, the C library and the loader. Pure.

#include <string_view>

namespace pymemflow::report {

// Whether the file is one of them, by its path.
bool is_engine(std::string_view path);
// Whether it is none. A choice of LinesWanted::is_wanted, as the next one.
inline bool is_foreign(std::string_view path) {
  return !is_engine(path);
}
inline bool is_any(std::string_view) {
  return true;
}

}  // namespace pymemflow::report
