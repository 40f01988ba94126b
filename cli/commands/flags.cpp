#include "cli/commands/flags.h"

#include <sstream>

namespace pymemflow::cli {
namespace {

std::vector<std::string> split(const std::string& words) {
  std::vector<std::string> parts;
  std::istringstream text(words);
  for (std::string part; std::getline(text, part, '|');) parts.push_back(part);
  return parts;
}

}  // namespace

std::vector<OwnOption> options_of(const CLI::App& verb) {
  std::vector<OwnOption> options;
  for (const CLI::Option* const option : verb.get_options()) {
    if (option->get_lnames().empty()) continue;
    OwnOption own;
    own.name = "--" + option->get_lnames().front();
    own.sentence = option->get_description();
    const bool is_alone = option->get_items_expected_max() == 0;
    if (!is_alone) own.value = option->get_type_name();
    if (own.value.find('|') != std::string::npos) own.values = split(own.value);
    own.is_file = own.value == "FILE";
    own.needs_value = option->get_items_expected_min() > 0;
    options.push_back(own);
  }
  return options;
}

std::string operands_of(const CLI::App& verb) {
  std::string text;
  for (const CLI::Option* const option : verb.get_options()) {
    if (!option->get_lnames().empty() || !option->get_snames().empty()) continue;
    std::string name = option->get_name();
    if (option->get_items_expected_max() > 1) name += "...";
    if (!option->get_required()) name = "[" + name + "]";
    text += (text.empty() ? "" : " ") + name;
  }
  return text;
}

std::vector<const CLI::App*> verbs_of(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App*) { return true; });
}

}  // namespace pymemflow::cli
