// The command: takes its line apart, and hands it to the verb.

#include <algorithm>
#include <string>
#include <vector>

#include "cli/commands/cli11.h"
#include "cli/commands/commands.h"
#include "cli/launch/split_command.h"

namespace pymemflow::cli {
namespace {

std::string known_verbs() {
  std::string names;
  for (const Verb& verb : verbs()) names += (names.empty() ? "" : ", ") + std::string(verb.name);
  return names;
}

const Verb* find_verb(const std::string& word) {
  const auto found = std::find_if(verbs().begin(), verbs().end(),
                                  [&](const Verb& verb) { return word == verb.name; });
  return found == verbs().end() ? nullptr : &*found;
}

std::string examples_of(const Verb& verb) {
  std::string text = "Examples:\n  pymemflow ";
  for (const char* c = verb.example; *c != '\0'; ++c) {
    text += *c;
    if (*c == '\n') text += "  pymemflow ";
  }
  return text;
}

int run(int count, char** words) {
  CLI::App command("Which Python line allocates and frees what.", "pymemflow");
  command.require_subcommand(1);
  command.set_version_flag("--version", std::string("pymemflow ") + PMF_VERSION);
  Call call;
  for (const Verb& verb : verbs()) {
    CLI::App* const added = command.add_subcommand(verb.name, verb.sentence);
    added->footer(examples_of(verb));
    verb.add(*added, call);
  }
  // The parser would say that a word was not expected, and not which are.
  if (count < 2) return complain("a verb is missing: " + known_verbs() + "; see --help");
  const std::string first = words[1];
  const Verb* const verb = find_verb(first);
  if (!first.starts_with("-") && verb == nullptr) {
    return complain("'" + first + "' is not a verb: " + known_verbs() + "; see --help");
  }
  if (verb != nullptr && verb->takes_program) {
    const int own = count_own_words(*command.get_subcommand(verb->name), count, words);
    const bool is_marked = own < count && std::string(words[own]) == "--";
    call.program.assign(words + own + (is_marked ? 1 : 0), words + count);
    count = own;
  }
  try {
    command.parse(count, words);
  } catch (const CLI::Success& asked) {
    return command.exit(asked);  // --help, --version
  } catch (const CLI::Error& error) {
    return complain(error.what());
  }
  return call.status;
}

}  // namespace
}  // namespace pymemflow::cli

int main(int count, char** words) {
  return pymemflow::cli::run(count, words);
}
