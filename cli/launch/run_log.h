#pragma once
// Makes the log of the processes of a run (capture/process_log.h), and reads it when the program
// has ended. Its content comes from the traced programs, so nothing in it is trusted. One thread.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/captures/captures.h"
#include "cli/captures/unseen.h"

namespace pymemflow {
struct ProcessLog;
}

namespace pymemflow::cli {

class RunLog {
 public:
  RunLog() = default;
  ~RunLog();
  RunLog(const RunLog&) = delete;
  RunLog& operator=(const RunLog&) = delete;

  // Makes the file in that folder. `library`: its path, as it is preloaded.
  Error create(const std::string& folder, const std::string& library);
  const std::string& path() const { return path_; }

  // The programs that ran in the processes of the run and have no record.
  std::vector<UnseenPart> unseen(const std::vector<FoundCapture>& captures) const;

 private:
  std::string path_;
  ProcessLog* log_ = nullptr;
};

}  // namespace pymemflow::cli
