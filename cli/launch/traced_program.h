#pragma once
// Runs a program under the library, as the user would have run it: his own preloads stay, signals
// go on to the program, and its exit code comes back. What it and its children recorded lies in
// captures afterwards, whatever they died of. One thread, one program.

#include <string>
#include <vector>

#include "cli/launch/signals.h"
#include "options/options.h"

namespace pymemflow::cli {

// Where it runs: with which standard streams, for how long (0: as long as it likes; else it is
// killed then), and whether the library is there.
struct Stage {
  Streams streams;
  int seconds = 0;
  bool is_traced = true;
};

struct TracedRun {
  std::string problem;       // what could not be done; empty: the program was run
  bool is_untraced = false;  // it could only be run without the library, which a line has said
  int status = 0;            // its exit code; 128 + n when signal n ended it
  bool is_killed = false;    // its time was over
  std::uint32_t process = 0;
  std::vector<std::string> captures;  // of all processes in which Python ran, by their start
};

class TracedProgram {
 public:
  TracedProgram() = default;
  ~TracedProgram();  // takes captures away that nobody asked for
  TracedProgram(const TracedProgram&) = delete;
  TracedProgram& operator=(const TracedProgram&) = delete;

  // `asked`: what is recorded, and where it is kept (Options::capture).
  TracedRun run(const std::vector<std::string>& words, const Options& asked,
                const Stage& stage = {});

 private:
  // A folder of our own. False: there is none, and `problem` says why.
  bool make_folder(std::string& problem);
  // The library where the loader's variable can name it; empty: it is not there.
  std::string find_library();

  std::string folder_;
};

// The options out of our own environment: defaults of those on the command line. Throws what the
// parser of command lines throws.
void read_environment(Options& options);

}  // namespace pymemflow::cli
