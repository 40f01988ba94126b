#pragma once
// A running process that has the library, by the file of its record, which the same user may find
// among the files that it has open, and write to. No signal, no ptrace, no thread in the process.
// One thread.

#include <sys/types.h>

#include <string>

#include "capture/block.h"
#include "cli/platform/other_process.h"

namespace pymemflow::cli {

class RecordedProcess {
 public:
  explicit RecordedProcess(pid_t process);
  ~RecordedProcess();
  RecordedProcess(const RecordedProcess&) = delete;
  RecordedProcess& operator=(const RecordedProcess&) = delete;

  // Why there is nothing to control; empty: there is.
  const std::string& problem() const { return problem_; }

  bool is_paused() const;
  // False: it cannot be written to.
  bool set_paused(bool is_paused);

 private:
  // The record among the process's files, or why there is none.
  void find();
  // False: the file is no record. Else it is the one, or it has a problem.
  bool try_file(const platform::OpenFile& file);
  bool is_own(int file) const;
  std::string problem_of_head() const;
  std::string problem_without_record(bool has_nameless) const;

  const pid_t process_;
  int file_ = -1;
  FileHead head_{};
  std::string problem_;
};

}  // namespace pymemflow::cli
