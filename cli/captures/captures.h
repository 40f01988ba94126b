#pragma once
// Finds, opens and replays captures for the commands. Called by one thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/captures/unseen.h"
#include "cli/console/messages.h"
#include "report/reader/file_reads.h"
#include "report/replay/profile.h"

namespace pymemflow::cli {

// A capture that is open for reading, with the NAME.windows beside it.
class OpenCapture {
 public:
  OpenCapture() = default;
  ~OpenCapture();
  OpenCapture(const OpenCapture&) = delete;
  OpenCapture& operator=(const OpenCapture&) = delete;

  // False: the file does not exist or cannot be read; errno says why.
  bool open(const std::string& path);
  // Replaces a compressed capture by a temporary file without a name that holds the capture. The
  // reason why that cannot be done; empty: it is done, or the capture is not compressed.
  std::string decompress();
  const report::CaptureFiles& files() const { return files_; }

 private:
  void open_windows(const std::string& path);

  report::CaptureFiles files_{-1};
};
// Opens a regular file, which may be compressed.
Error open_capture(const std::string& path, OpenCapture& capture);

// True if the file begins as a capture of any version does, or as a compressed one; or if it is
// empty, and the NAME.windows of a capture lies beside it.
bool looks_like_capture(const std::string& path);

// Doubles each %, for options in which %p and %t have a meaning.
std::string escaped_pattern(const std::string& text);

// A capture whose header was read.
struct FoundCapture {
  std::string path;
  std::uint32_t process = 0;
  std::uint64_t started_ns = 0;  // CLOCK_REALTIME
};

// The captures that a program and its children made under this name, ordered by start. Skips those
// that began before `since_ns`.
std::vector<FoundCapture> find_captures(const std::string& pattern, std::uint64_t since_ns);

// The process that a capture was made of, and its memory.
struct CaptureUse {
  std::string path;
  std::string problem;  // why the memory cannot be told; then only `path` is valid
  std::uint32_t process = 0;
  bool is_forked_child = false;
  bool has_ended = false;      // false: it was killed, or still runs
  bool is_end_unseen = false;  // or it has ended under a filter of its system calls
  std::string command_line;    // quoted for a shell
  std::uint64_t lost = 0;
  std::uint64_t damaged = 0;
  std::uint64_t gaps = 0;       // times of which the record has no calls
  std::uint64_t unchecked = 0;  // blocks without a checksum, as they were still being written
  std::uint64_t left_out = 0;   // events whose site is not in the record
  bool lacks_windows = false;   // NAME.windows is missing, and the process was killed or runs
  bool has_stopped = false;     // the recording stopped before the process ended
  report::SymbolGaps symbol_gaps;
  std::vector<UnseenPart> unseen;
  report::Profile profile;

  void note(UnseenKind kind);

  // The gaps of the record, for which no verdict can be based on it. Empty: it has none.
  std::string gap() const;
};

// Replays each capture once. Several are replayed at the same time, one thread for each processor,
// and take their memory at the same time. In the order of `paths`. `lines`: those of C functions
// that will be printed.
std::vector<CaptureUse> read_uses(const std::vector<std::string>& paths,
                                  const report::LinesWanted& lines = {});
// The lines for whole stacks, and those without the interpreter's functions.
report::LinesWanted lines_for(bool whole_stacks, bool may_ask_servers);

// A sentence for each reason why the captures tell less about C functions than they could.
std::vector<std::string> symbol_gaps_of(const std::vector<CaptureUse>& uses);

// Quotes words, each ending with a zero byte, for a shell.
std::string shell_words(std::string_view words);

}  // namespace pymemflow::cli
