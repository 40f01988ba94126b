#pragma once
// The arguments of a command: its options, its operands, and the function that carries it out. The
// parser, the help, the manual and the completions read them from here. One thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/console/messages.h"

namespace pymemflow::cli {

// Takes a value; returns the reason why it is wrong, or nothing.
using Setter = std::function<std::string(const std::string& value)>;

struct Option {
  std::string name;   // "--max-leak"
  std::string value;  // as the help shows it: "SIZE"; empty: a flag
  std::string sentence;
  std::vector<std::string> words;  // the allowed values, if there are few
  bool may_repeat = false;
  Setter set;          // of a flag: called with an empty value
  char letter = '\0';  // "o": may be given as -o too

  bool is_flag() const { return value.empty(); }
  bool is_file() const { return value == "FILE"; }
};

struct Operand {
  std::string name;  // "CAPTURE"
  std::string sentence;
  bool is_required = false;
  bool is_program = false;  // a program and its arguments
  std::string* to = nullptr;
};

class Syntax {
 public:
  // The variables that options and operands set must outlive the syntax.
  void flag(const std::string& name, bool& to, const std::string& sentence);
  void text(const std::string& name, const std::string& value, std::string& to,
            const std::string& sentence);
  // May be given several times.
  void texts(const std::string& name, const std::string& value, std::vector<std::string>& to,
             const std::string& sentence);
  void size(const std::string& name, std::optional<std::uint64_t>& to, const std::string& sentence);
  void number(const std::string& name, std::optional<std::uint64_t>& to,
              const std::string& sentence);
  // The option that was declared last has this letter too.
  void letter(char letter) { options_.back().letter = letter; }
  void option(Option option) { options_.push_back(std::move(option)); }

  void operand(const std::string& name, std::string& to, const std::string& sentence);
  void optional_operand(const std::string& name, std::string& to, const std::string& sentence);
  // The words of a program are not parsed: they are handed to the action.
  void program(const std::string& sentence);

  // Runs before the options are set.
  void prepare(std::function<Error()> function) { prepare_ = std::move(function); }
  // Carries the command out and returns the exit code. `program`: the words of a program to run.
  using Action = std::function<int(const std::vector<std::string>& program)>;
  void action(Action function) { action_ = std::move(function); }

  const std::vector<Option>& options() const { return options_; }
  const std::vector<Operand>& operands() const { return operands_; }
  // Null: there is no such option. `name` is "--output", "--output=FILE", "-o" or "-oFILE".
  const Option* find(const std::string& name) const;
  Error prepare() const { return prepare_ ? prepare_() : Error(); }
  int run(const std::vector<std::string>& program) const { return action_(program); }

 private:
  std::vector<Option> options_;
  std::vector<Operand> operands_;
  std::function<Error()> prepare_;
  Action action_;
};

// "CAPTURE", "[PROGRAM...]".
std::string operands_text(const Syntax& syntax);

}  // namespace pymemflow::cli
