// pymemflow start PID, pymemflow stop PID: whether a running process records its calls.

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "cli/commands/commands.h"
#include "cli/commands/recorded_process.h"

namespace pymemflow::cli {
namespace {

bool parse_process(const std::string& word, pid_t& process) {
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, process);
  return error == std::errc() && stop == end && process > 0;
}

int run(const std::string& word, bool is_paused) {
  pid_t id = 0;
  if (!parse_process(word, id)) return complain("'" + word + "' is not a process id");
  RecordedProcess process(id);
  if (!process.problem().empty()) return complain("process " + word + ": " + process.problem());
  const bool was_paused = process.is_paused();
  if (!process.set_paused(is_paused)) {
    return complain("process " + word +
                    ": its record cannot be written to: " + std::strerror(errno));
  }
  std::printf("process %s %s %s\n", word.c_str(), was_paused == is_paused ? "already" : "now",
              is_paused ? "records nothing" : "records");
  return 0;
}

void add(CLI::App& command, Call& call, bool is_paused) {
  const auto word = std::make_shared<std::string>();
  command.add_option("PID", *word, "a process of yours that was started with pymemflow")
      ->required();
  command.callback([word, is_paused, &call] { call.status = run(*word, is_paused); });
}

}  // namespace

void add_start_verb(CLI::App& command, Call& call) {
  add(command, call, false);
}

void add_stop_verb(CLI::App& command, Call& call) {
  add(command, call, true);
}

}  // namespace pymemflow::cli
