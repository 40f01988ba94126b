#pragma once
// Runs a program and waits for it: what the process tests are made of. Any thread.

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace pymemflow::test {

struct Child {
  pid_t pid = 0;
  std::string out;
  std::string err;
  int exit_code = -1;     // -1: it did not exit
  int signal_number = 0;  // 0: no signal ended it
  bool is_timed_out = false;
};

// Changes to this process's own environment; an empty value is an empty value.
using Environment = std::map<std::string, std::string>;

struct RunOptions {
  Environment environment;
  bool is_environment_empty = false;  // what this process has is not passed on
  int timeout_seconds = 60;           // then it is killed
};

// `arguments[0]` is looked for in the PATH.
Child run(const std::vector<std::string>& arguments, const RunOptions& options = {});

}  // namespace pymemflow::test
