#pragma once
// Which places count: patterns of the command line, and of a file of suppressions. A pattern is
// what a shell takes for file names (* ? []), and is held against the file, whole and by its last
// part, the function, file:function, the engine caller, and the file that it lies in. One thread.

#include <string>
#include <vector>

#include "report/replay/profile.h"

namespace pymemflow::cli {

class Selection {
 public:
  void only(const std::vector<std::string>& patterns);
  void ignore(const std::vector<std::string>& patterns);
  // A pattern a line; # begins a comment. False, after a line on standard error: it cannot be read.
  bool read_suppressions(const std::string& path);

  bool takes(const report::SiteName& place);

  // Lines of files that suppressed nothing, "file:3: pattern".
  std::vector<std::string> unused() const;

 private:
  struct Pattern {
    std::string text;
    std::string origin;  // file and line; empty: the command line
    bool is_used = false;
  };

  std::vector<Pattern> only_;
  std::vector<Pattern> ignored_;
};

// A pattern for this place alone, wherever its lines move to.
std::string suppression_for(const report::SiteName& place);

}  // namespace pymemflow::cli
