#pragma once
// Runs a program under the library, the way the user would run it: the user's own preloads stay,
// signals are forwarded, and the exit code is returned. The program and its children leave
// captures, however they end. One thread, one program.

#include <string>
#include <vector>

#include "cli/captures/captures.h"
#include "cli/captures/unseen.h"
#include "cli/launch/signals.h"
#include "cli/platform/other_process.h"
#include "options/options.h"
#include "platform/temporary_path.h"

namespace pymemflow::cli {

struct Stage {
  Streams streams;
  int seconds = 0;            // the program and those that it started are killed then; 0: never
  bool is_traced = true;      // false: it runs without the library
  bool keeps_record = false;  // if a signal ends the command after the program
  bool is_watched = false;    // what has no record is found: TracedRun::unseen and ::running
  // Called before the program starts, with the reason why it runs untraced. May be null.
  void (*warn)(const std::string& message) = nullptr;
};

// Why there is nothing to report on, if only children of the program have records.
inline const std::string kOnlyChildren =
    "no Python ran in the program itself, and its children are left out (--no-children)";

struct TracedRun {
  Error error;               // why the program could not be run
  bool is_untraced = false;  // it could only be run without the library
  int status = 0;            // its exit code; 128 + n if signal n ended it
  bool is_killed = false;    // it ran out of time
  std::uint32_t process = 0;
  std::vector<FoundCapture> captures;  // of all processes in which Python ran, ordered by start
  // A file was made in the temporary folder of the run, or removed there.
  bool is_folder_changed = false;
  // The processes that have no record, except those that still run. Only of a watched run.
  std::vector<UnseenPart> unseen;
  // The processes that still run.
  std::vector<platform::RunningProcess> running;

  // Why there is no capture.
  const char* absence(Start start) const {
    if (start == Start::Manual) {
      return "no Python ran that could be recorded, or none began to record (--start manual)";
    }
    return is_folder_changed ? "no record is left: no Python ran that could be recorded, or the "
                               "program removed its record"
                             : "no Python ran that could be recorded";
  }
};

class TracedProgram {
 public:
  TracedProgram() = default;
  ~TracedProgram();  // deletes the captures, unless the user asked for them
  TracedProgram(const TracedProgram&) = delete;
  TracedProgram& operator=(const TracedProgram&) = delete;

  // Makes the temporary folder of this run, if it is not made yet. run() does so too.
  Error make_folder();
  const std::string& folder() const { return folder_; }
  // Leaves the folder and the captures in it to the user.
  void keep_folder() {
    is_kept_ = true;
    noted_.mark_as_record();
  }

  // Options::capture names the file for the captures; empty: one in folder().
  TracedRun run(const std::vector<std::string>& words, const Options& options,
                const Stage& stage = {});

 private:
  std::string folder_;
  pymemflow::platform::TemporaryPath noted_;
  bool is_kept_ = false;
};

// Makes a folder in TMPDIR, or in /tmp if the loader's variable cannot name a path in that folder.
// `path` must stay where it is until `noted` forgets it.
Error make_temporary_folder(std::string& path, pymemflow::platform::TemporaryPath& noted);

// The names of captures in such a folder begin with it.
inline constexpr char kCaptureStart[] = "capture.";

// Finds the library that belongs to this command. The loader's variable can name the path: it may
// be a symlink in `folder`.
Error find_library(const std::string& folder, std::string& path);
// The same for the path of another build of the library.
Error make_preloadable(const std::string& folder, std::string& library);

// True if the program, or the interpreter of a script, is for musl: it can only run untraced.
bool runs_on_musl(const std::string& program);

// Reads the options in the command's own environment. They are the defaults of the command line.
Error read_environment(Options& options);

}  // namespace pymemflow::cli
