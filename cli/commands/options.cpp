#include "cli/commands/options.h"

#include <string>

#include "options/sizes.h"

namespace pymemflow::cli {

void add_options(CLI::App& command, OptionUse use, Options& options) {
  for (std::size_t row = 0; row < kOptionCount; ++row) {
    if (kOptions[row].use != use) continue;
    const std::string name = std::string("--") + kOptions[row].name;
    const auto set = [row, name, &options](const CLI::results_t& values) {
      const bool stands_alone = values.empty() || values.front().empty();
      const std::string value = stands_alone ? "1" : values.front();
      const std::string_view problem = set_option(options, row, value);
      if (problem.empty()) return true;
      throw CLI::ValidationError(name + "=" + value, std::string(problem));
    };
    CLI::Option* const option = command.add_option(name, set, kOptions[row].sentence);
    option->type_name(kOptions[row].value);
    if (kOptions[row].type == OptionType::Switch) option->expected(0, 1);
  }
}

void add_size(CLI::App& command, const char* name, std::optional<std::uint64_t>& limit,
              const char* sentence) {
  const auto set = [name, &limit](const CLI::results_t& values) {
    std::uint64_t bytes = 0;
    if (!parse_size(values.front(), bytes)) {
      throw CLI::ValidationError(name + ("=" + values.front()),
                                 "is not a size (4096, 1.5MB, 64KiB)");
    }
    limit = bytes;
    return true;
  };
  command.add_option(name, set, sentence)->type_name("SIZE");
}

}  // namespace pymemflow::cli
