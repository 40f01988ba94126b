#pragma once
// Finds and opens captures for the verbs. One thread.

#include <cstdint>
#include <string>
#include <vector>

#include "report/replay/profile.h"

namespace pymemflow::cli {

// Its descriptor, or -1 after a line on standard error that says what is wrong with it.
int open_capture(const std::string& path);

// It begins as a capture does, of whatever version.
bool looks_like_capture(const std::string& path);

// A text in which % has no meaning, for PYMEMFLOW_CAPTURE and PYMEMFLOW_OUTPUT.
std::string escaped_pattern(const std::string& text);

// The captures that a program and its children made under this name, by their start: none of them
// was begun before `since_ns`, CLOCK_REALTIME.
std::vector<std::string> find_captures(const std::string& pattern, std::uint64_t since_ns);

// What a capture says of memory, and of its process.
struct CaptureUse {
  std::string path;
  std::string problem;  // why it cannot be told; then the rest means nothing
  std::uint32_t process = 0;
  bool is_forked_child = false;
  bool has_ended = false;    // not killed, and not still running
  std::string command_line;  // as a shell would take it
  std::uint64_t lost = 0;
  std::uint64_t damaged = 0;
  report::Profile usage;
};
CaptureUse read_use(const std::string& path);
// False, after a line on standard error that says what the problem is.
bool read_checked(const std::string& path, CaptureUse& use);

// The id of the process that made it; 0: it cannot be read.
std::uint32_t process_of(const std::string& path);
// Leaves those of one process.
void keep_process(std::vector<std::string>& captures, std::uint32_t process);

// The words, each with a zero at its end, as a shell would take them.
std::string shell_words(std::string_view words);

}  // namespace pymemflow::cli
