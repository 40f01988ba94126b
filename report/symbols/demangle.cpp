#include "report/symbols/demangle.h"

#include <algorithm>
#include <cstring>

namespace pymemflow::report {
namespace {

constexpr std::string_view kAnonymous = "(anonymous namespace)";

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The number of bytes of an operator at this place whose name looks like brackets: "<", "<<=",
// "()",
// "->". 0: no operator begins there.
std::size_t operator_at(std::string_view function, std::size_t at) {
  constexpr std::string_view kOperator = "operator";
  if (at < kOperator.size() ||
      function.substr(at - kOperator.size(), kOperator.size()) != kOperator)
    return 0;
  if (at > kOperator.size() && is_name_byte(function[at - kOperator.size() - 1])) return 0;
  for (const std::string_view name :
       {"()", "<=>", "<<=", ">>=", "<<", ">>", "<=", ">=", "->*", "->", "<", ">"}) {
    if (function.substr(at).starts_with(name)) return name.size();
  }
  return 0;
}

// Calls visit(at, depth) for each bracket: the depth of an opening one is that of its inside, and
// so is that of its closing one. Brackets of `open` and `close` count, those of operators do not.
template <typename Visit>
void for_each_bracket(std::string_view function, char open, char close, Visit visit) {
  int depth = 0;
  for (std::size_t at = 0; at < function.size(); ++at) {
    if (const std::size_t bytes = operator_at(function, at); bytes != 0) {
      at += bytes - 1;
    } else if (function[at] == open) {
      visit(at, ++depth);
    } else if (function[at] == close && depth > 0) {
      const bool is_arrow = close == '>' && at > 0 && function[at - 1] == '-';
      if (!is_arrow) visit(at, depth--);
    }
  }
}

// The name with "<...>" for template arguments, from this depth of brackets on.
String without_arguments(std::string_view function, int depth_left_out) {
  String text;
  std::size_t copied = 0;
  for_each_bracket(function, '<', '>', [&](std::size_t at, int depth) {
    if (depth != depth_left_out) return;
    if (function[at] == '<') {
      text += function.substr(copied, at + 1 - copied);
      text += "...";
    }
    copied = at;
  });
  text += function.substr(copied);
  return text;
}

// The outermost list of parameters that is last; npos: there is none.
std::size_t parameters_of(std::string_view function) {
  std::size_t found = std::string_view::npos;
  int arguments = 0;
  int depth = 0;
  for (std::size_t at = 0; at < function.size(); ++at) {
    if (const std::size_t bytes = operator_at(function, at); bytes != 0) {
      at += bytes - 1;
      continue;
    }
    const char c = function[at];
    if (c == '<' || c == '{') ++arguments;
    if ((c == '>' && (at == 0 || function[at - 1] != '-')) || c == '}') --arguments;
    if (c == '(' && depth++ == 0 && arguments == 0 && at != 0 &&
        !function.substr(at).starts_with(kAnonymous)) {
      found = at;
    }
    if (c == ')') --depth;
  }
  return found;
}

}  // namespace

std::string_view without_parameters(std::string_view function) {
  return function.substr(0, parameters_of(function));
}

String shortened(std::string_view function, std::size_t most_bytes) {
  if (function.size() <= most_bytes) return String(function);
  const std::size_t parameters = parameters_of(function);
  String text(function.substr(0, parameters));
  if (parameters != std::string_view::npos) {
    const bool is_empty = function.substr(parameters).starts_with("()");
    text += is_empty ? "()" : "(...)";
  }
  constexpr int kInner = 2;
  for (int depth = kInner; depth > 0 && text.size() > most_bytes; --depth) {
    text = without_arguments(text, depth);
  }
  if (text.size() <= most_bytes) return text;
  std::size_t kept = most_bytes;
  // Between two characters.
  while (kept > 0 && (text[kept] & 0xc0) == 0x80) --kept;
  text.resize(kept);
  text += "...";
  return text;
}

}  // namespace pymemflow::report
