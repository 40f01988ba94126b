#include "cli/commands/control.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

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
    return complain("process " + word + ": cannot write to its record: " + std::strerror(errno));
  }
  std::printf("process %s is %s %s\n", word.c_str(), was_paused == is_paused ? "already" : "now",
              is_paused ? "paused" : "recording");
  return 0;
}

}  // namespace

void declare_control(Syntax& syntax, bool is_paused) {
  const auto word = std::make_shared<std::string>();
  syntax.operand("PID", *word, "the id of one of your processes that runs under pymemflow");
  syntax.action([word, is_paused](const auto&) { return run(*word, is_paused); });
}

}  // namespace pymemflow::cli
