#pragma once
// Selects the allocation sites that count, by patterns of the command line and of suppression
// files. A pattern is a shell's (* ? []). It is compared with the file (its path and its last
// part), the function, file:function, the engine caller, and the caller's library. One thread.

#include <string>
#include <vector>

#include "cli/console/messages.h"
#include "report/replay/profile.h"

namespace pymemflow::cli {

class Selection {
 public:
  void only(const std::vector<std::string>& patterns);
  void ignore(const std::vector<std::string>& patterns);
  // Reads one pattern per line; # begins a comment.
  Error read_suppressions(const std::string& path);

  // True if the site counts. Notes which suppressions were used.
  bool takes(const report::SiteName& site);

  // Notes which patterns of only() this site matches, whether it leaks or not.
  void look_at(const report::SiteName& site);

  // The patterns of only() that matched no site.
  std::vector<std::string> unused_only() const;

  // The lines of suppression files that matched no site: "file:3: pattern".
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

// A pattern that matches this site alone, on whatever line it is.
std::string suppression_for(const report::SiteName& site);

}  // namespace pymemflow::cli
