#pragma once
// Controls the recording of a running process through the file of its record. The user who runs the
// process finds that file among its open files and may write to it. Needs no signal, no ptrace and
// no thread in the process. One thread.

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

  // Why the process cannot be controlled; empty: it can.
  const std::string& problem() const { return problem_; }

  bool is_paused() const;
  // False: the record cannot be written; errno says why.
  bool set_paused(bool is_paused);

 private:
  // Finds the record among the open files of the process, or sets the problem.
  void find();
  // False: the file is not a record. Else it is taken, possibly with a problem.
  bool try_file(const platform::OpenFile& file);
  bool is_own(int file) const;
  std::string problem_of_head() const;
  std::string problem_without_record(bool has_nameless) const;

  const pid_t process_;
  int file_ = -1;
  FileHead head_{};
  bool has_record_of_others_ = false;
  std::string problem_;
};

// True if the process runs, and has that capture open.
bool is_written_by(const std::string& capture, pid_t process);

}  // namespace pymemflow::cli
