#pragma once
// The baseline of a gate: a file of accepted leaks. One gate writes it and later gates ignore what
// is in it. Keyed by site (key_of); of several processes it has the largest leak. One thread.

#include <cstdint>
#include <map>
#include <string>

#include "cli/console/messages.h"

namespace pymemflow::cli {

struct Baseline {
  struct Entry {
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
  };

  std::map<std::string, Entry> sites;

  // Raises the site's entry to this one.
  void accept(const std::string& key, const Entry& entry);

  Error read(const std::string& path);
  Error write(const std::string& path) const;
};

// `value * (1 + part)`, rounded up; saturates.
std::uint64_t with_tolerance(std::uint64_t value, double part);

// Reads "5%" as 0.05. False: the text is not a percentage.
bool parse_percentage(const std::string& text, double& part);

}  // namespace pymemflow::cli
