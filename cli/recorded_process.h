#pragma once
// A running process that has the library, by the file of its record: /proc/PID/fd names it even
// where it has no name of its own, and the same user may write to it. No signal, no ptrace, no
// thread in the process. One thread.

#include <sys/types.h>

#include <string>

#include "interpose/block.h"

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
  // False: the descriptor of that name is no record. Else it is the one, or it has a problem.
  bool try_file(const std::string& path);
  std::string problem_of_head() const;
  bool has_library() const;

  const pid_t process_;
  int file_ = -1;
  interpose::FileHead head_{};
  std::string problem_;
};

}  // namespace pymemflow::cli
