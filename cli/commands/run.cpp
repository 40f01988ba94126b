// pymemflow run PROGRAM: runs it under the library, and prints the report of each of its processes.

#include <unistd.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/captures/captures.h"
#include "cli/commands/commands.h"
#include "cli/commands/options.h"
#include "cli/console/counts.h"
#include "cli/launch/split_command.h"
#include "cli/launch/traced_program.h"
#include "report/base/output.h"
#include "report/formats/report.h"
#include "report/formats/summary.h"

namespace pymemflow::cli {
namespace {

struct Arguments {
  Options options;
  bool no_children = false;
  std::vector<std::string> shown_in_help;  // the words of the program are taken before
};

// Where the report of a process goes: the name that was asked for; of a child, with its process id;
// and, where an exec made another program of a process, with the number of that program.
class OutputNames {
 public:
  explicit OutputNames(std::string_view pattern) : pattern_(pattern) {}

  std::string next(std::uint32_t process) {
    if (pattern_.empty()) return {};
    const report::String expanded = report::expanded_path(pattern_, static_cast<pid_t>(process));
    std::string name(expanded);
    const bool is_numbered = pattern_.find("%p") != std::string::npos;
    if (!is_numbered && !used_.empty() && used_.find(process) == used_.end()) {
      name += "." + std::to_string(process);
    }
    const int programs = ++used_[process];
    if (programs > 1) name += "." + std::to_string(programs);
    return escaped_pattern(name);
  }

 private:
  const std::string pattern_;
  std::map<std::uint32_t, int> used_;  // how many programs the process has been
};

void print_report(const std::string& capture, const Options& asked, const std::string& output) {
  const int file = open_capture(capture);
  if (file < 0) return;
  report::ReportOptions options;
  options.asked = asked;
  options.asked.output = output;
  options.is_in_process = false;
  const report::ReportError error = report::write_report(file, options);
  ::close(file);
  if (error) complain("cannot write the report: " + std::string(error.what));
}

std::string text(const report::String& shown) {
  return std::string(shown);
}

// A line a process, so that it is seen at a glance which of them to look at.
void print_processes(const std::vector<std::string>& captures) {
  std::string lines;
  for (const std::string& capture : captures) {
    const CaptureUse use = read_use(capture);
    lines += "pymemflow: process " + std::to_string(use.process) + ": ";
    if (!use.problem.empty()) {
      lines += "the record " + use.problem + "\n";
      continue;
    }
    lines += text(report::shown_size(use.usage.total.live.bytes)) + " alive at the end, " +
             text(report::shown_size(use.usage.peak.live.bytes)) + " at most, " +
             counted(use.usage.events, "event") +
             (use.has_ended ? "" : ", killed or still running") + ": " + use.command_line + "\n";
  }
  lines += "pymemflow: " + counted(captures.size(), "process") + "\n";
  std::fputs(lines.c_str(), stderr);
}

int run(const Arguments& arguments, const std::vector<std::string>& program) {
  if (program.empty()) return complain("run: a program is missing; see pymemflow run --help");
  TracedProgram traced;
  TracedRun done = traced.run(with_python(program), arguments.options);
  if (!done.problem.empty()) return complain(done.problem);
  if (arguments.no_children) keep_process(done.captures, done.process);
  if (done.captures.empty() && !done.is_untraced)
    complain("no Python ran: there is nothing to report");
  OutputNames names(arguments.options.output);
  for (const std::string& capture : done.captures) {
    print_report(capture, arguments.options, names.next(process_of(capture)));
  }
  if (done.captures.size() > 1) print_processes(done.captures);
  return done.status;
}

}  // namespace

void add_run_verb(CLI::App& command, Call& call) {
  const auto arguments = std::make_shared<Arguments>();
  command
      .add_option("PROGRAM", arguments->shown_in_help,
                  "what to run; script.py, -m MODULE and -c CODE go to the python3 of the PATH")
      ->type_name("");
  command.add_flag("--no-children", arguments->no_children, "report on the program itself alone");
  add_options(command, OptionUse::Report, arguments->options);
  add_options(command, OptionUse::Recording, arguments->options);
  // What the command line says comes after it.
  command.preparse_callback([arguments](std::size_t) { read_environment(arguments->options); });
  command.callback([arguments, &call] { call.status = run(*arguments, call.program); });
}

}  // namespace pymemflow::cli
