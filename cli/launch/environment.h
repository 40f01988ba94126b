#pragma once
// The environment of a program to be traced: ours, with the library before all other preloads, and
// with the options of the recording. One thread.

#include <string>
#include <vector>

#include "options/options.h"

namespace pymemflow::cli {

class Environment {
 public:
  // Drops our own PYMEMFLOW_ variables: the command has read them.
  explicit Environment(char** ours);

  void preload(const std::string& library);
  // Adds the options that decide what is recorded.
  void set_options(const Options& options);
  // Replaces the variable if it is there.
  void set(const std::string& name, const std::string& value);

  // For posix_spawn(): ends with a null, and lives as long as this.
  char** entries();

 private:
  std::vector<std::string> texts_;
  std::vector<char*> entries_;
};

}  // namespace pymemflow::cli
