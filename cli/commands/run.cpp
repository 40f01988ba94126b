// pymemflow run PROGRAM: runs a program under the library and reports on each of its processes.

#include <unistd.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/arguments/options.h"
#include "cli/captures/captures.h"
#include "cli/captures/compression.h"
#include "cli/commands/commands.h"
#include "cli/console/counts.h"
#include "cli/console/text.h"
#include "cli/launch/split_command.h"
#include "cli/launch/traced_program.h"
#include "report/base/output.h"
#include "report/base/output_file.h"
#include "report/base/output_path.h"
#include "report/formats/formats.h"
#include "report/formats/summary.h"
#include "report/maker/report.h"
#include "report/reader/capture_reader.h"

namespace pymemflow::cli {
namespace {

struct Arguments {
  Options options;
  bool no_children = false;
  bool compresses = false;
};

// Names the reports of a program's processes after the output that the user named: a child's name
// ends in its process id, and after an exec in the number of the program.
class OutputNames {
 public:
  explicit OutputNames(std::string_view pattern) : pattern_(pattern) {}

  std::string next(std::uint32_t process) {
    if (pattern_.empty()) return {};
    const report::String expanded = report::expanded_path(pattern_, static_cast<pid_t>(process));
    std::string name(expanded);
    if (report::takes_several_reports(name.c_str())) return escaped_pattern(name);
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
  std::map<std::uint32_t, int> used_;  // the number of programs that the process has been
};

std::string text(const report::String& shown) {
  return std::string(shown);
}

// One line per process, so that the user sees which of them matter.
// `profile` is null if the report is on a part of the record.
std::string process_line(const FoundCapture& capture, const report::CaptureReader& reader,
                         const report::Profile* profile, std::string_view problem) {
  const std::string start = "pymemflow: process " + std::to_string(capture.process) + ": ";
  if (!problem.empty()) return start + "the record " + std::string(problem) + "\n";
  const bool has_ended = reader.head().end != EndKind::None;
  const char* const end = has_ended                ? ""
                          : reader.is_end_unseen() ? ", end not seen (seccomp)"
                                                   : ", killed or still running";
  const std::string live =
      profile == nullptr
          ? std::string()
          : text(report::shown_size(profile->total.live.bytes)) + " alive at the end, " +
                text(report::shown_size(profile->peak.live.bytes)) + " at the peak, ";
  return start + live + counted(reader.recorded(), "event") + end + ": " +
         printable(shell_words(reader.metadata().command_line)) + "\n";
}

// The words of a message about a report that cannot be written.
std::string unwritten(const std::string& output, std::string_view reason) {
  return "cannot write the report" + (output.empty() ? "" : " to " + output) + ": " +
         std::string(reason);
}

// Replays the capture once: for the report and, if `line` is not null, for the line of its process.
Error print_report(const FoundCapture& capture, const OpenCapture& opened,
                   const ReportOptions& asked, const std::string& output, std::string* line) {
  report::Profile profile;
  report::ReportOptions options;
  options.asked = asked;
  options.asked.output = output;
  options.is_in_process = false;
  options.standard_error = STDERR_FILENO;
  const bool is_whole = asked.at.empty() && !has_range(asked);
  options.profile = line == nullptr || !is_whole ? nullptr : &profile;
  report::CaptureReader reader(opened.files());
  const report::CaptureError unreadable = reader.poll();
  std::string_view problem = report::describe(unreadable);
  if (unreadable == report::CaptureError::None) {
    const report::ReportError error = report::write_report(reader, options);
    using Subject = report::ReportError::Subject;
    if (error.subject != Subject::ClosedPipe) problem = error.what;
    if (error.subject == Subject::View) return Error("the record " + std::string(error.what));
    if (line != nullptr) {
      const std::string_view unknown = report::profile_problem(reader.head().mode);
      *line += process_line(capture, reader, options.profile, problem.empty() ? unknown : problem);
    }
  }
  if (problem.empty()) return {};
  return Error(unwritten(output, problem));
}

// Says before the program starts that its report cannot be written, so that the user can act
// meanwhile. False: there is nothing to say.
bool warn_of_output(const Options& options, TracedProgram& traced) {
  const std::string output(options.output);
  // The process id is not known yet.
  const bool has_known_folder = output.find("%p") >= output.rfind('/') + 1;
  const int problem = output.empty() || !has_known_folder ? 0 : report::folder_problem(output);
  if (problem == 0 || traced.make_folder()) return false;
  const std::string kept = options.capture.empty() ? traced.folder() : std::string(options.capture);
  say(unwritten(output, report::output_problem(problem)) +
      "; unless that changes before the program ends, the record is kept in " + kept);
  return true;
}

// Replaces captures that were kept by their compressed form.
void compress_kept(const std::vector<FoundCapture>& captures) {
  for (const FoundCapture& capture : captures) {
    bool is_joined = false;
    const Error error =
        compress_capture(capture.path, capture.path + kCompressedSuffix, &is_joined);
    if (error) {
      say(error.text + "; the capture is kept as it is");
    } else {
      ::unlink(capture.path.c_str());
      if (is_joined) ::unlink((capture.path + kWindowsSuffix).c_str());
    }
  }
}

int run(const Arguments& arguments, const std::vector<std::string>& program) {
  if (program.empty()) return complain("run: a program is missing; see pymemflow help run");
  if (arguments.compresses && arguments.options.capture.empty()) {
    return complain("run: --compress needs --capture FILE; see pymemflow help run");
  }
  Resolved resolved;
  if (const Error error = resolve(arguments.options, resolved)) return complain(error);
  TracedProgram traced;
  const bool is_warned = warn_of_output(arguments.options, traced);
  // The program sees neither the format nor whether the capture is kept.
  Options handed_on = arguments.options;
  handed_on.stack = resolved.recording.stack;
  TracedRun done = traced.run(with_python(program), handed_on,
                              {.streams = {}, .keeps_record = true, .warn = say});
  if (done.error) return complain(done.error);
  const std::vector<FoundCapture> kept = done.captures;
  const bool has_records = !kept.empty();
  if (arguments.no_children) {
    std::erase_if(done.captures, [&](const auto& each) { return each.process != done.process; });
  }
  if (done.captures.empty() && !done.is_untraced) {
    say((has_records ? kOnlyChildren : std::string(done.absence(arguments.options.start))) +
        ": there is nothing to report");
  }
  OutputNames names(resolved.report.output);
  const bool has_several = done.captures.size() > 1;
  std::string lines;
  for (const FoundCapture& capture : done.captures) {
    OpenCapture opened;
    if (const Error error = open_capture(capture.path, opened)) {
      traced.keep_folder();
      say(error.text + ": the record of process " + std::to_string(capture.process) +
          " cannot be read");
      continue;
    }
    const std::string output = names.next(capture.process);
    const Error error =
        print_report(capture, opened, resolved.report, output, has_several ? &lines : nullptr);
    if (!error) continue;
    if (output.empty() && !is_standard_error_open()) continue;  // nobody would know of the record
    if (arguments.options.capture.empty()) traced.keep_folder();
    if (!is_warned) say(error.text + "; the record is kept in " + capture.path);
  }
  if (has_several) lines += "pymemflow: " + counted(done.captures.size(), "process") + "\n";
  std::fputs(lines.c_str(), stderr);
  if (arguments.compresses) compress_kept(kept);
  return done.status;
}

}  // namespace

void declare_run(Syntax& syntax) {
  const auto arguments = std::make_shared<Arguments>();
  syntax.program(
      "the program to run; script.py, -m MODULE and -c CODE run with the python3 of the PATH");
  syntax.flag("--no-children", arguments->no_children,
              "report on the program alone, not on its children");
  syntax.flag(
      "--compress", arguments->compresses,
      "compress the captures that --capture keeps, as FILE.pmz, when the program has ended");
  add_options(
      syntax,
      {OptionUse::Report, OptionUse::Callers, OptionUse::Both, OptionUse::Library, OptionUse::Kept},
      arguments->options);
  syntax.prepare([arguments] { return read_environment(arguments->options); });
  syntax.action([arguments](const auto& program) { return run(*arguments, program); });
}

}  // namespace pymemflow::cli
