#include "report/base/names.h"

#include <fmt/core.h>

#include <iterator>

#include "report/base/unsafe_character.h"

namespace pymemflow::report {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

void append_escaped_byte(String& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += "\\x";
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 15];
}

String escaped(std::string_view text) {
  String out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t unsafe = unsafe_character(text).bytes;
    if (text.front() == '\n') {
      out += "\\n";
    } else if (unsafe == 0) {
      out += text.front();
    } else {
      for (const char c : text.substr(0, unsafe)) append_escaped_byte(out, c);
    }
    text.remove_prefix(unsafe == 0 ? 1 : unsafe);
  }
  return out;
}

// A name with a limit is a C string: it ends at its first zero byte.
std::string_view limited(const Names& names, std::string_view text) {
  if (names.limit_bytes == std::string_view::npos) return text;
  return text.substr(0, names.limit_bytes).substr(0, text.find('\0'));
}

String shown(const Names& names, std::string_view text) {
  return names.escape ? escaped(text) : String(text);
}

}  // namespace

String cut_name(std::string_view name) {
  if (name.size() <= kMaxNameBytes) return String(name);
  std::size_t kept = kMaxNameBytes;
  // Between two characters, unless the bytes are no UTF-8.
  for (int i = 0; i < 3 && (name[kept] & 0xc0) == 0x80; ++i) --kept;
  String cut(name.substr(0, kept));
  fmt::format_to(std::back_inserter(cut), "...[{} bytes]", name.size());
  return cut;
}

String cut_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (path.size() <= kMaxNameBytes || slash == std::string_view::npos) return cut_name(path);
  String cut = cut_name(path.substr(0, slash));
  cut += '/';
  cut += cut_name(path.substr(slash + 1));
  return cut;
}

std::string_view base_name(std::string_view path) {
  if (path.empty()) return ".";
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  if (path.size() == 1) return path;
  return path.substr(path.rfind('/') + 1);
}

String shown_file(const Names& names, std::string_view path) {
  const std::string_view kept = limited(names, path);
  return shown(names, names.full_file_path ? kept : base_name(kept));
}

String shown_function(const Names& names, std::string_view function) {
  return shown(names, limited(names, function));
}

}  // namespace pymemflow::report
