// The command: takes its line apart, and hands it to the verb.

#include <algorithm>
#include <string>

#include "cli/cli11.h"
#include "cli/verbs.h"

namespace pymemflow::cli {
namespace {

std::string known_verbs() {
  std::string names;
  for (const Verb& verb : verbs()) names += (names.empty() ? "" : ", ") + std::string(verb.name);
  return names;
}

bool is_verb(const std::string& word) {
  return std::any_of(verbs().begin(), verbs().end(),
                     [&](const Verb& verb) { return word == verb.name; });
}

int run(int count, char** words) {
  CLI::App command("Which Python line allocates and frees what.", "pymemflow");
  command.require_subcommand(1);
  command.set_version_flag("--version", std::string("pymemflow ") + PMF_VERSION);
  int status = 0;
  for (const Verb& verb : verbs()) {
    verb.add(*command.add_subcommand(verb.name, verb.sentence), status);
  }
  // The parser would say that a word was not expected, and not which are.
  if (count < 2) return complain("a verb is missing: " + known_verbs() + "; see --help");
  const std::string first = words[1];
  if (!first.starts_with("-") && !is_verb(first)) {
    return complain("'" + first + "' is not a verb: " + known_verbs() + "; see --help");
  }
  try {
    command.parse(count, words);
  } catch (const CLI::Success& asked) {
    return command.exit(asked);  // --help, --version
  } catch (const CLI::Error& error) {
    return complain(error.what());
  }
  return status;
}

}  // namespace
}  // namespace pymemflow::cli

int main(int count, char** words) {
  return pymemflow::cli::run(count, words);
}
