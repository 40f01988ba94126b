#include "cli/arguments/syntax.h"

#include <charconv>
#include <utility>

#include "options/sizes.h"

namespace pymemflow::cli {
namespace {

std::string set_size(const std::string& value, std::optional<std::uint64_t>& to) {
  std::uint64_t bytes = 0;
  if (!parse_size(value, bytes)) return "is not a size (4096, 1.5MB, 64KiB)";
  to = bytes;
  return {};
}

std::string set_number(const std::string& value, std::optional<std::uint64_t>& to) {
  std::uint64_t number = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || stop != end) return "is not a number";
  to = number;
  return {};
}

}  // namespace

void Syntax::flag(const std::string& name, bool& to, const std::string& sentence) {
  const auto set = [&to](const std::string&) {
    to = true;
    return std::string();
  };
  option({.name = name, .value = {}, .sentence = sentence, .words = {}, .set = set});
}

void Syntax::text(const std::string& name, const std::string& value, std::string& to,
                  const std::string& sentence) {
  const auto set = [&to](const std::string& given) {
    to = given;
    return std::string();
  };
  option({.name = name, .value = value, .sentence = sentence, .words = {}, .set = set});
}

void Syntax::texts(const std::string& name, const std::string& value, std::vector<std::string>& to,
                   const std::string& sentence) {
  const auto add = [&to](const std::string& given) {
    to.push_back(given);
    return std::string();
  };
  option({.name = name,
          .value = value,
          .sentence = sentence,
          .words = {},
          .may_repeat = true,
          .set = add});
}

void Syntax::size(const std::string& name, std::optional<std::uint64_t>& to,
                  const std::string& sentence) {
  const auto set = [&to](const std::string& given) { return set_size(given, to); };
  option({.name = name, .value = "SIZE", .sentence = sentence, .words = {}, .set = set});
}

void Syntax::number(const std::string& name, std::optional<std::uint64_t>& to,
                    const std::string& sentence) {
  const auto set = [&to](const std::string& given) { return set_number(given, to); };
  option({.name = name, .value = "N", .sentence = sentence, .words = {}, .set = set});
}

void Syntax::operand(const std::string& name, std::string& to, const std::string& sentence) {
  operands_.push_back({.name = name, .sentence = sentence, .is_required = true, .to = &to});
}

void Syntax::optional_operand(const std::string& name, std::string& to,
                              const std::string& sentence) {
  operands_.push_back({.name = name, .sentence = sentence, .to = &to});
}

void Syntax::program(const std::string& sentence) {
  operands_.push_back({.name = "PROGRAM", .sentence = sentence, .is_program = true});
}

const Option* Syntax::find(const std::string& name) const {
  const std::string alone = name.substr(0, name.find('='));
  const bool has_letter = name.size() > 1 && name[0] == '-' && name[1] != '-';
  for (const Option& option : options_) {
    if (option.name == alone || (has_letter && option.letter == name[1])) return &option;
  }
  return nullptr;
}

std::string operands_text(const Syntax& syntax) {
  std::string text;
  for (const Operand& operand : syntax.operands()) {
    const std::string name = operand.name + (operand.is_program ? "..." : "");
    text += (text.empty() ? "" : " ") + (operand.is_required ? name : "[" + name + "]");
  }
  return text;
}

}  // namespace pymemflow::cli
