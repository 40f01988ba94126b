#pragma once
// The ways in which `pymemflow overhead` runs a program: modes.def is the table. One thread.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/console/messages.h"

namespace pymemflow::cli::overhead {

enum class ModeKind { Bare, Ours, Peer, Python };

struct Mode {
  std::string_view name;
  ModeKind kind;
  std::string_view environment;
  std::string_view words;
  std::string_view version;
  std::string_view sentence;
};

// All rows of the table, in its order.
std::span<const Mode> modes();

// The program without any tool.
extern const Mode kBare;

// The mode whose captures are the smallest that tell the number of events.
const Mode& counting_mode();
bool is_for_counting(const Mode& mode);

// The names in a list such as "memray,heaptrack"; "none": none. `is_ours`: of modes, else of peers.
Error choose(const std::string& list, bool is_ours, std::vector<const Mode*>& chosen);

// The values of the option `stack` in a list such as "top,python"; each once, in the list's order.
Error choose_stacks(const std::string& list, std::vector<std::string>& chosen);

// "record|report|sums|ring".
std::string names_of(bool is_ours);

// A program that a Python runs: the interpreter with its options, and the script or module with its
// arguments.
struct PythonProgram {
  std::vector<std::string> interpreter;
  std::vector<std::string> rest;
};
// None: neither the program nor the interpreter of a script has a name that begins with "python".
std::optional<PythonProgram> python_program(const std::vector<std::string>& words);

// The words that run the program in this mode. Empty: the mode needs a Python program.
std::vector<std::string> command_of(const Mode& mode, const std::vector<std::string>& program,
                                    const std::string& folder);
// The variables of the mode.
std::vector<std::pair<std::string, std::string>> environment_of(const Mode& mode,
                                                                const std::string& folder);
// The words that print the version of a peer. Empty: as command_of().
std::vector<std::string> version_command_of(const Mode& mode,
                                            const std::vector<std::string>& program);

}  // namespace pymemflow::cli::overhead
