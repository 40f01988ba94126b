#pragma once
// Selects the allocation sites that count, by patterns of the command line and of suppression
// files (report/stacks/site_patterns.h). One thread.

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

  // Nothing is left out.
  bool is_empty() const { return only_.empty() && ignored_.empty(); }

  // True if the site counts. Notes which suppressions were used.
  bool takes(const report::SiteName& site);
  // The same of a site with this stack, whose C functions may match as well.
  bool takes(const report::CallTree& tree, report::CallNode stack);

  // Notes which patterns of only() sites of this profile match, whether they leak or not.
  void look_at(const report::Profile& profile);

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

  bool takes(const report::Vector<report::String>& names);

  std::vector<Pattern> only_;
  std::vector<Pattern> ignored_;
};

// The sites of the profile with the stacks that are selected. Adds what leaks of the others.
report::Vector<report::SiteStats> selected_sites(const report::Profile& profile,
                                                 Selection& selection, report::Amount& suppressed);

// A pattern that matches this site alone, on whatever line it is.
std::string suppression_for(const report::SiteName& site);

}  // namespace pymemflow::cli
