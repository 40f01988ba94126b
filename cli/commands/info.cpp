// pymemflow info CAPTURE: describes a capture and the process that was recorded.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "cli/captures/captures.h"
#include "cli/commands/commands.h"
#include "cli/console/counts.h"
#include "cli/console/text.h"
#include "report/reader/capture_reader.h"

namespace pymemflow::cli {
namespace {

constexpr std::size_t kShownThreads = 100;

void print(const char* what, std::string_view text) {
  if (text.empty()) return;
  std::printf("%-16s%s\n", what, printable(std::string(text)).c_str());
}

std::string joined(std::string_view lines) {
  std::string text(lines);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (std::size_t i = 0; (i = text.find('\n', i)) != std::string::npos;) text[i] = ' ';
  return text;
}

std::string time_text(std::uint64_t nanoseconds) {
  const auto seconds = static_cast<std::time_t>(nanoseconds / 1'000'000'000);
  std::tm parts{};
  char text[64];
  ::gmtime_r(&seconds, &parts);
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    text += "0123456789abcdef"[c & 15];
  }
  return text;
}

std::string_view mode_text(RecordMode mode) {
  switch (mode) {
    case RecordMode::Full:
      return "every event";
    case RecordMode::Ring:
      return "the last events of each thread";
    case RecordMode::Sums:
      return "sums of the events";
  }
  return "unknown";
}

std::string end_text(const FileHead& head, bool is_unseen) {
  switch (head.end) {
    case EndKind::None:
      break;
    case EndKind::Exit:
      return time_text(head.ended_ns);
    case EndKind::Exec:
      return time_text(head.ended_ns) + ", by executing another program";
  }
  return is_unseen ? "unseen: it restricts its system calls (seccomp)"
                   : "not by itself: it was killed or is still running";
}

void print_threads(const report::ThreadNames& threads) {
  std::size_t left = threads.all().size();
  std::size_t shown = 0;
  for (const auto& [number, thread] : threads.all()) {
    if (shown++ == kShownThreads) break;
    print("thread", std::to_string(number) + " " + std::string(thread.name));
    --left;
  }
  if (left != 0) print("thread", "and " + std::to_string(left) + " more");
}

int run(const std::string& path) {
  OpenCapture opened;
  if (const Error error = open_capture(path, opened)) return complain(error);
  report::CaptureReader reader(opened.files());
  const report::CaptureError error = reader.poll();
  if (error != report::CaptureError::None) {
    return complain(path + ": " + std::string(report::describe(error)));
  }
  const FileHead& head = reader.head();
  const report::Metadata& metadata = reader.metadata();
  print("capture", path);
  print("process", std::to_string(head.process) + (head.is_forked_child != 0 ? ", forked" : ""));
  print("command line", shell_words(metadata.command_line));
  print("Python", metadata.python_version);
  print("host", joined(metadata.host));
  print("options", joined(metadata.options));
  print("holds", mode_text(head.mode));
  if (reader.has_stacks()) {
    const std::string most = std::to_string(head.max_stack);
    print("stacks", "of each call that hands out a block, at most " + most +
                        " Python frames and as many native ones");
  }
  print("started", time_text(head.started_ns));
  print("ended", end_text(head, reader.is_end_unseen()));
  if (reader.unchecked() != 0) {
    print("unchecked", counted(reader.unchecked(), "block") + " that had no checksum yet");
  }
  if (reader.damaged() != 0) print("damaged", "in " + counted(reader.damaged(), "place"));
  print_threads(reader.threads());
  for (const report::Module& module : reader.names().modules()) {
    print("module", std::string(module.path) + " " + hex(module.build_id));
  }
  return 0;
}

}  // namespace

void declare_info(Syntax& syntax) {
  const auto path = std::make_shared<std::string>();
  syntax.operand("CAPTURE", *path, "a file written by --capture or PYMEMFLOW_CAPTURE");
  syntax.action([path](const auto&) { return run(*path); });
}

}  // namespace pymemflow::cli
