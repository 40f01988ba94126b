#include "report/base/names.h"

namespace pymemflow::report {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

void append_escaped_byte(String& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += "\\x";
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 15];
}

// Returns true if the text begins with U+0080 to U+009F in UTF-8: terminals treat these as control
// characters.
bool is_c1_control(std::string_view rest) {
  return rest.size() >= 2 && rest[0] == '\xc2' && (rest[1] & 0xe0) == 0x80;
}

String escaped(std::string_view text) {
  String out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      append_escaped_byte(out, c);
    } else if (is_c1_control(text.substr(i))) {
      append_escaped_byte(out, c);
      append_escaped_byte(out, text[++i]);
    } else {
      out += c;
    }
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
