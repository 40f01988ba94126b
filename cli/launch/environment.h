#pragma once
// The environment of a program that is to be traced: ours, with the library in front of what else
// is preloaded, and with the options of the recording. One thread.

#include <string>
#include <vector>

#include "options/options.h"

namespace pymemflow::cli {

class Environment {
 public:
  // Without the options of ours: they are for the command.
  explicit Environment(char** ours);

  void preload(const std::string& library);
  void set_options(const Options& asked, const std::string& capture);

  // For posix_spawn; ends with a null. Lives as long as this.
  char** entries();

 private:
  void set(const std::string& name, const std::string& value);

  std::vector<std::string> texts_;
  std::vector<char*> entries_;
};

}  // namespace pymemflow::cli
