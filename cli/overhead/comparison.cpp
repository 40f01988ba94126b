#include "cli/overhead/comparison.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/captures/captures.h"
#include "cli/console/counts.h"
#include "cli/console/files.h"
#include "cli/console/progress.h"
#include "cli/launch/traced_program.h"
#include "cli/overhead/input.h"
#include "cli/overhead/measured_run.h"
#include "report/reader/capture_reader.h"

extern "C" char** environ;  // NOLINT(readability-redundant-declaration)

namespace pymemflow::cli::overhead {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostSaid = 2000;

// Counts the events of a capture, those in its sums included.
std::uint64_t count_events(const std::string& path) {
  OpenCapture opened;
  if (open_capture(path, opened)) return 0;
  report::CaptureReader reader(opened.files());
  std::uint64_t events = 0;
  if (reader.poll() == report::CaptureError::None) {
    report::EventBatch batch;
    while (reader.next(batch)) {
    }
    events = reader.recorded() + reader.overwritten();
  }
  return events;
}

std::string last_lines(const std::string& path) {
  std::string text;
  if (read_file(path, text)) return {};
  if (text.size() > kMostSaid) {
    text.erase(0, text.size() - kMostSaid);
    text.erase(0, text.find('\n') + 1);
  }
  return text;
}

// The messages of the library in the program's standard error.
std::string messages_in(const std::string& path) {
  std::string text;
  std::string messages;
  if (read_file(path, text)) return {};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (line.starts_with("pymemflow: ")) messages += line.substr(line.find(' ') + 1) + "\n";
    at = end + 1;
  }
  return messages;
}

class Rounds {
 public:
  Rounds(const Plan& plan, Comparison& comparison) : plan_(plan), comparison_(comparison) {}
  ~Rounds() {
    std::error_code error;
    if (!folder_.empty()) fs::remove_all(folder_, error);
  }
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;

  Error prepare();
  Error run();

 private:
  Row& add_row(const Mode& mode, const std::string& name);
  // The modes of recording, with each kind of stack.
  void add_ours(const std::string& library, const std::string& name_start);
  void add_peer(const Mode& mode);
  Error add_libraries();
  std::string version_of(const Mode& mode);
  std::string run_folder() const { return folder_ + "/run"; }
  RunStreams streams() const { return {input_, folder_ + "/error"}; }

  // Runs the program once, into an empty folder.
  RunResult run_row(const Row& row);
  Error run_round(std::uint64_t round);
  // The program's own end, and that of a tool.
  void judge_bare(const RunResult& result);
  void judge_tool(Row& row, const RunResult& result);
  static void keep(Row& row, const RunResult& result, std::uint64_t record_bytes);
  void count();
  void show_progress(std::uint64_t round, const Row& row);

  const Plan& plan_;
  Comparison& comparison_;
  std::string folder_;
  pymemflow::platform::TemporaryPath noted_;
  std::string input_;
  Progress progress_;
  std::size_t runs_ = 0;
  bool has_counted_ = false;
  bool has_bare_ = false;
};

Error Rounds::prepare() {
  if (Error error = make_temporary_folder(folder_, noted_)) return error;
  if (Error error = copy_standard_input(folder_ + "/input", input_)) return error;
  add_row(kBare, "bare");
  if (Error error = add_libraries()) return error;
  for (const Mode* const mode : plan_.peers) add_peer(*mode);
  add_row(kBare, "bare again");
  return {};
}

Error Rounds::add_libraries() {
  std::string own;
  if (Error error = find_library(folder_, own)) return error;
  add_ours(own, "");
  for (std::size_t i = 0; i < plan_.libraries.size(); ++i) {
    std::string library = fs::absolute(plan_.libraries[i]).string();
    if (::access(library.c_str(), R_OK) != 0) return system_error(plan_.libraries[i]);
    if (Error error = make_preloadable(folder_, library)) return error;
    add_ours(library, "beside " + std::to_string(i + 1) + ": ");
  }
  return {};
}

void Rounds::add_ours(const std::string& library, const std::string& name_start) {
  for (const Mode* const mode : plan_.ours) {
    const std::string name = name_start + std::string(mode->name);
    if (plan_.stacks.empty()) add_row(*mode, name).library = library;
    for (const std::string& stack : plan_.stacks) {
      Row& row = add_row(*mode, name + ", stack=" + stack);
      row.library = library;
      row.stack = stack;
    }
  }
}

Row& Rounds::add_row(const Mode& mode, const std::string& name) {
  Row& row = comparison_.rows.emplace_back();
  row.name = name;
  row.mode = &mode;
  return row;
}

void Rounds::add_peer(const Mode& mode) {
  const std::string name(mode.name);
  if (version_command_of(mode, plan_.program).empty()) {
    comparison_.left_out.push_back(name + " (the program is not started by a Python)");
    return;
  }
  const std::string version = version_of(mode);
  if (version.empty()) {
    comparison_.left_out.push_back(name + " (not installed)");
    return;
  }
  add_row(mode, name).version = version;
}

// Empty: the tool is not installed.
std::string Rounds::version_of(const Mode& mode) {
  Environment environment(environ);
  const RunStreams quiet{"/dev/null", folder_ + "/error"};
  const std::string output = folder_ + "/version";
  const RunResult result =
      run_once(version_command_of(mode, plan_.program), environment, quiet, output);
  std::string text;
  if (result.error != 0 || result.status != 0 || read_file(output, text)) return {};
  text = text.substr(0, text.find('\n'));
  return text.substr(text.rfind(' ') + 1);
}

RunResult Rounds::run_row(const Row& row) {
  std::error_code error;
  fs::remove_all(run_folder(), error);
  fs::create_directory(run_folder(), error);
  Environment environment(environ);
  if (!row.library.empty()) environment.preload(row.library);
  for (const auto& [name, value] : environment_of(*row.mode, run_folder())) {
    environment.set(name, value);
  }
  if (!row.stack.empty()) environment.set("PYMEMFLOW_STACK", row.stack);
  ++runs_;
  return run_once(command_of(*row.mode, plan_.program, run_folder()), environment, streams());
}

void Rounds::judge_bare(const RunResult& result) {
  const bool is_first = !has_bare_;
  const bool is_other = !is_first && result.status != comparison_.status;
  has_bare_ = true;
  comparison_.status = result.status;
  const bool has_failed = result.status != 0 && !plan_.ignores_failure;
  if (!has_failed && !is_other && !result.is_interrupted) return;
  comparison_.is_stopped = true;
  comparison_.is_interrupted = result.is_interrupted;
  comparison_.said = last_lines(streams().error);
}

void Rounds::judge_tool(Row& row, const RunResult& result) {
  row.status = result.status;
  if (result.is_interrupted) {
    comparison_.is_stopped = comparison_.is_interrupted = true;
    comparison_.status = result.status;
  } else if (result.error != 0) {
    row.failure = std::strerror(result.error);
  } else if (result.status != comparison_.status) {
    row.failure = "the program ended with exit code " + std::to_string(result.status) +
                  ", and with " + std::to_string(comparison_.status) + " when it ran bare";
    comparison_.said = last_lines(streams().error);
  } else if (row.mode->kind != ModeKind::Ours && !row.mode->words.empty() &&
             bytes_in(run_folder()) == 0) {
    row.failure = "it left no record";
  }
}

void Rounds::keep(Row& row, const RunResult& result, std::uint64_t record_bytes) {
  row.seconds.push_back(result.seconds);
  row.processor_seconds.push_back(result.processor_seconds);
  row.peak_bytes.push_back(static_cast<double>(result.peak_bytes));
  row.record_bytes.push_back(static_cast<double>(record_bytes));
}

// Counts the events in the captures of the last run.
void Rounds::count() {
  has_counted_ = true;
  for (const FoundCapture& capture :
       find_captures(escaped_pattern(run_folder()) + "/capture.%p.%t", 0)) {
    comparison_.events += count_events(capture.path);
    ++comparison_.processes;
  }
  comparison_.has_events = comparison_.processes != 0;
}

void Rounds::show_progress(std::uint64_t round, const Row& row) {
  if (!Progress::is_wanted()) return;
  const std::size_t all = (plan_.rounds + 1) * comparison_.rows.size();
  const std::string text =
      round == 0 ? std::string("first round")
                 : "round " + std::to_string(round) + " of " + std::to_string(plan_.rounds);
  progress_.show_bar(static_cast<double>(runs_) / static_cast<double>(all), text + ": " + row.name);
}

Error Rounds::run_round(std::uint64_t round) {
  for (Row& row : comparison_.rows) {
    if (!row.failure.empty()) continue;
    show_progress(round, row);
    const RunResult result = run_row(row);
    if (row.mode->kind == ModeKind::Bare) {
      errno = result.error;
      if (result.error != 0) return system_error(plan_.program.front());
      judge_bare(result);
    } else {
      judge_tool(row, result);
    }
    if (comparison_.is_stopped) return {};
    if (round != 0 && row.failure.empty()) keep(row, result, bytes_in(run_folder()));
    if (round != 0 || row.mode->kind != ModeKind::Ours || !row.failure.empty()) continue;
    if (!has_counted_ && is_for_counting(*row.mode)) count();
    if (const std::string messages = messages_in(streams().error); !messages.empty()) {
      progress_.end();
      say(row.name + ": " + messages.substr(0, messages.size() - 1));
    }
  }
  return {};
}

Error Rounds::run() {
  for (std::uint64_t round = 0; round <= plan_.rounds && !comparison_.is_stopped; ++round) {
    Error error = run_round(round);
    if (round == 0 && !error && !comparison_.is_stopped && !has_counted_) {
      Row row;
      row.mode = &counting_mode();
      error = find_library(folder_, row.library);
      if (!error && run_row(row).status == comparison_.status) count();
    }
    if (error) {
      progress_.end();
      return error;
    }
  }
  progress_.end();
  return {};
}

Ratio ratio_of(const std::vector<double>& values, const std::vector<double>& bare) {
  return {.estimate = estimate(ratios(values, bare)), .is_within_noise = false};
}

// Sets Ratio::is_within_noise of one of the two ratios of each row, and returns the noise.
double judge(std::vector<Measured>& measured, Ratio Measured::*ratio) {
  std::vector<Estimate> tools;
  for (const Measured& each : measured) {
    if (each.row->mode->kind != ModeKind::Bare) tools.push_back((each.*ratio).estimate);
  }
  const double noise = noise_of((measured.back().*ratio).estimate, tools);
  for (Measured& each : measured) {
    (each.*ratio).is_within_noise = is_within((each.*ratio).estimate, noise);
  }
  return noise;
}

}  // namespace

Error compare(const Plan& plan, Comparison& comparison) {
  Rounds rounds(plan, comparison);
  if (Error error = rounds.prepare()) return error;
  if (!comparison.left_out.empty()) {
    std::string text;
    for (const std::string& each : comparison.left_out) text += (text.empty() ? "" : ", ") + each;
    say("left out: " + text);
  }
  return rounds.run();
}

std::vector<Measured> evaluate(Comparison& comparison) {
  std::vector<Measured> measured;
  const Row& bare = comparison.rows.front();
  for (const Row& row : comparison.rows) {
    if (!row.failure.empty()) continue;
    measured.push_back({.row = &row,
                        .processor = ratio_of(row.processor_seconds, bare.processor_seconds),
                        .time = ratio_of(row.seconds, bare.seconds)});
  }
  comparison.processor_noise = judge(measured, &Measured::processor);
  comparison.time_noise = judge(measured, &Measured::time);
  for (Measured& each : measured) {
    if (each.processor.is_within_noise || comparison.events < kManyEvents) continue;
    std::vector<double> more = each.row->processor_seconds;
    for (std::size_t i = 0; i < more.size(); ++i) more[i] -= bare.processor_seconds[i];
    each.ns_per_event =
        estimate(std::move(more)).median * 1e9 / static_cast<double>(comparison.events);
  }
  return measured;
}

}  // namespace pymemflow::cli::overhead
