#include "interpose/library/asked_names.h"

#include <linux/memfd.h>
#include <sys/wait.h>

#include "interpose/library/ending.h"
#include "interpose/library/linux/reporter_process.h"
#include "platform/files.h"
#include "platform/linux/system_call.h"
#include "report/reporter/exit_status.h"
#include "report/reporter/reporter.h"

namespace pymemflow::interpose {
namespace {

using platform::failed;
using platform::system_call;

// A file in memory, which takes the request and after it the answer.
class Exchange {
 public:
  Exchange() : file_(system_call(SYS_memfd_create, "pymemflow", MFD_CLOEXEC)) {}
  ~Exchange() {
    if (is_open()) system_call(SYS_close, file_);
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  bool is_open() const { return !failed(file_); }
  int file() const { return static_cast<int>(file_); }

  // Returns false if there is nothing behind the request.
  bool read_answer(std::size_t request_bytes, report::String& answer) const {
    const std::uint64_t bytes = platform::file_bytes(file());
    if (bytes <= request_bytes) return false;
    answer.resize(bytes - request_bytes);
    std::size_t read = 0;
    while (read < answer.size()) {
      const long got = system_call(SYS_pread64, file_, answer.data() + read, answer.size() - read,
                                   request_bytes + read);
      if (got == -EINTR) continue;
      if (got <= 0) return false;
      read += static_cast<std::size_t>(got);
    }
    return true;
  }

 private:
  const long file_;
};

struct Ask {
  int file;
  ReporterEnd end;
};

// One thread at a time, as run_end() has it.
constinit Ask* asking = nullptr;

void run_asked(EndKind) {
  constexpr const char* kNoOptions[] = {nullptr};
  const char* const arguments[] = {PMF_VERSION, report::kNamesRole, nullptr};
  asking->end = run_reporter({.arguments = arguments,
                              .environment = kNoOptions,
                              .capture = asking->file,
                              .standard_error = -1,
                              .output = -1});
}

bool ask_reporter(std::string_view request, report::String& answer) {
  const Exchange exchange;
  if (!exchange.is_open()) return false;
  if (platform::write_file(exchange.file(), request.data(), request.size(), 0) != 0) return false;
  Ask ask = {exchange.file(), {}};
  // No handler of a signal runs meanwhile, and a thread that ends the process waits. The kind is
  // that of an end after which the program goes on.
  asking = &ask;
  run_end(EndKind::Exec, run_asked);
  if (!ask.end.is_known || ask.end.refused != 0 || !WIFEXITED(ask.end.status)) return false;
  if (WEXITSTATUS(ask.end.status) != report::kReported) return false;
  return exchange.read_answer(request.size(), answer);
}

}  // namespace

constinit const report::AskForNames ask_for_names = ask_reporter;

}  // namespace pymemflow::interpose
