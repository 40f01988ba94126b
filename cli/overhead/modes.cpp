#include "cli/overhead/modes.h"

#include <algorithm>

#include "cli/captures/captures.h"
#include "cli/console/suggestions.h"
#include "cli/launch/program_file.h"
#include "options/options.h"

namespace pymemflow::cli::overhead {
namespace {

constexpr Mode kModes[] = {
#define PMF_MODE(name, kind, environment, words, version, sentence) \
  {name, ModeKind::kind, environment, words, version, sentence},
#include "cli/overhead/modes.def"
#undef PMF_MODE
};

// The options of an interpreter that have a value of their own.
constexpr std::string_view kWithValue[] = {"-X", "-W", "-Q", "--check-hash-based-pycs"};

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    if (end != 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string with_folder(std::string text, const std::string& folder) {
  static constexpr std::string_view kFolder = "{folder}";
  const std::size_t at = text.find(kFolder);
  return at == std::string::npos ? text : text.replace(at, kFolder.size(), folder);
}

bool is_ours(const Mode& mode) {
  return mode.kind == ModeKind::Ours;
}

bool is_python(std::string_view path) {
  return path.substr(path.rfind('/') + 1).starts_with("python");
}

// The words of a script's first line, without a leading `env`.
std::vector<std::string> interpreter_words(const std::string& line) {
  std::vector<std::string> words = split(line, ' ');
  const auto is_env = [](const std::string& word) { return word.ends_with("/env"); };
  if (!words.empty() && is_env(words[0])) words.erase(words.begin());
  if (!words.empty() && words[0] == "-S") words.erase(words.begin());
  return words;
}

// The index of the script, -m or -c.
std::size_t end_of_options(const std::vector<std::string>& words, std::size_t at) {
  while (at < words.size()) {
    const std::string& word = words[at];
    const bool is_option = word.size() > 1 && word[0] == '-';
    const bool is_long = word.starts_with("--");
    if (!is_option || (!is_long && word.find_first_of("mc") != std::string::npos)) break;
    at += std::ranges::find(kWithValue, word) != std::end(kWithValue) ? 2 : 1;
  }
  return std::min(at, words.size());
}

}  // namespace

const Mode kBare = {"bare", ModeKind::Bare, "", "", "", "the program alone"};

std::span<const Mode> modes() {
  return kModes;
}

const Mode& counting_mode() {
  return *std::ranges::find_if(kModes, is_for_counting);
}

bool is_for_counting(const Mode& mode) {
  return mode.name == "sums";
}

std::string names_of(bool ours) {
  std::string text;
  for (const Mode& mode : kModes) {
    if (is_ours(mode) == ours) text += (text.empty() ? "" : "|") + std::string(mode.name);
  }
  return text;
}

Error choose(const std::string& list, bool ours, std::vector<const Mode*>& chosen) {
  const std::vector<std::string> names = split(list, ',');
  if (names.size() == 1 && names[0] == "none") return {};
  std::vector<std::string> known = {"none"};
  for (const Mode& mode : kModes) {
    if (is_ours(mode) == ours) known.emplace_back(mode.name);
  }
  for (const std::string& name : names) {
    if (name == "none" || std::ranges::find(known, name) == known.end()) {
      return Error("'" + name + "' is not one of " + names_of(ours) + suggestion(name, known));
    }
  }
  for (const Mode& mode : kModes) {
    const bool is_named = std::ranges::find(names, mode.name) != names.end();
    if (is_ours(mode) == ours && is_named) chosen.push_back(&mode);
  }
  return {};
}

Error choose_stacks(const std::string& list, std::vector<std::string>& chosen) {
  for (const std::string& stack : split(list, ',')) {
    std::string variable = "PYMEMFLOW_STACK=" + stack;
    char* environment[] = {variable.data(), nullptr};
    Options options;
    if (const OptionError error = read_options(environment, options)) {
      return Error("--stack: '" + stack + "' " + std::string(error.problem));
    }
    if (std::ranges::find(chosen, stack) == chosen.end()) chosen.push_back(stack);
  }
  return {};
}

std::optional<PythonProgram> python_program(const std::vector<std::string>& words) {
  const auto at = [&words](std::size_t index) {
    return words.begin() + static_cast<std::ptrdiff_t>(index);
  };
  if (is_python(words.front())) {
    const std::size_t end = end_of_options(words, 1);
    return PythonProgram{{words.begin(), at(end)}, {at(end), words.end()}};
  }
  const ProgramFile file = examine_file(words.front());
  PythonProgram found{interpreter_words(file.interpreter), {file.path}};
  if (found.interpreter.empty() || !is_python(found.interpreter.front())) return std::nullopt;
  found.rest.insert(found.rest.end(), at(1), words.end());
  return found;
}

std::vector<std::string> command_of(const Mode& mode, const std::vector<std::string>& program,
                                    const std::string& folder) {
  if (mode.words.empty()) return program;
  std::vector<std::string> words;
  std::vector<std::string> rest = program;
  if (mode.kind == ModeKind::Python) {
    std::optional<PythonProgram> python = python_program(program);
    if (!python) return {};
    words = std::move(python->interpreter);
    rest = std::move(python->rest);
  }
  for (const std::string& word : split(mode.words, ' ')) words.push_back(with_folder(word, folder));
  words.insert(words.end(), rest.begin(), rest.end());
  return words;
}

std::vector<std::pair<std::string, std::string>> environment_of(const Mode& mode,
                                                                const std::string& folder) {
  // %p and %t have a meaning in the paths of captures and reports.
  const std::string escaped = is_ours(mode) ? escaped_pattern(folder) : folder;
  std::vector<std::pair<std::string, std::string>> variables;
  for (const std::string& text : split(mode.environment, ' ')) {
    const std::size_t equals = text.find('=');
    variables.emplace_back(text.substr(0, equals), with_folder(text.substr(equals + 1), escaped));
  }
  return variables;
}

std::vector<std::string> version_command_of(const Mode& mode,
                                            const std::vector<std::string>& program) {
  if (mode.kind != ModeKind::Python) return split(mode.version, ' ');
  std::optional<PythonProgram> python = python_program(program);
  if (!python) return {};
  python->interpreter.insert(python->interpreter.end(),
                             {"-c", "print(" + std::string(mode.version) + ")"});
  return python->interpreter;
}

}  // namespace pymemflow::cli::overhead
