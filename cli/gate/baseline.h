#pragma once
// What is known and accepted: a file that a gate writes and that later gates are held against. By
// place (key_of), of all processes the one with most. One thread.

#include <cstdint>
#include <map>
#include <string>

namespace pymemflow::cli {

struct Baseline {
  struct Entry {
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
  };

  std::map<std::string, Entry> places;

  void take(const std::string& key, const Entry& entry);

  // False, after a line on standard error that says why.
  bool read(const std::string& path);
  bool write(const std::string& path) const;
};

// More by this part of it; the largest number, where that is too large for one.
std::uint64_t with_tolerance(std::uint64_t value, double part);

// "5%" as 0.05. False: it is no percentage.
bool parse_percentage(const std::string& text, double& part);

}  // namespace pymemflow::cli
