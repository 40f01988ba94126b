#pragma once
// The form in which names from a program are shown, and base names by DTrace's rules. Pure; report
// side.

#include <cstddef>
#include <string_view>

#include "report/base/memory.h"

namespace pymemflow::report {

// The longest name that is kept whole.
inline constexpr std::size_t kMaxNameBytes = 4096;

// A longer name is cut, and "...[N bytes]" follows, with its whole length. Readers cut a name where
// they take it in: a name of a megabyte may belong to any number of sites.
String cut_name(std::string_view name);
// The same of a path: its folder and its last part are cut apart, so that the last part stays
// known.
String cut_path(std::string_view path);

// By default names stay on one line: a newline is escaped as "\n", and each byte of any other
// unsafe character (unsafe_character.h) as \xNN. A backslash is not escaped.
struct Names {
  bool full_file_path = false;
  bool escape = true;
  std::size_t limit_bytes = std::string_view::npos;
};

// DTrace copies a C string of at most 255 bytes and prints it unchanged.
inline constexpr Names kNamesAsDtrace = {
    .full_file_path = false, .escape = false, .limit_bytes = 255};

// "" is ".", slashes at the end do not count, "/" stays.
std::string_view base_name(std::string_view path);

// The limit is applied to the path, not to its base name: that is the order in the D script.
String shown_file(const Names& names, std::string_view path);
String shown_function(const Names& names, std::string_view function);

}  // namespace pymemflow::report
