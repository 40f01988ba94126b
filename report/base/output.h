#pragma once
// A buffered writer to a file descriptor, by write(2) alone. It may run while the host is exiting,
// so nothing about the descriptor can end the process: a closed pipe, a full disk and a file that
// hits its size limit are errors that are remembered, never signals. Report side, one thread.
//
// After an error everything further is dropped, and error() keeps the first one.

#include <sys/types.h>

#include <cstddef>
#include <string_view>

#include "report/base/memory.h"
#include "report/base/replacement.h"

namespace pymemflow::report {

// %p becomes the process id and %% a percent sign; any other % stays as it is.
String expanded_path(std::string_view pattern, pid_t pid);

// The treatment of the file that has the name of an output.
struct OutputRules {
  int reading = -1;          // a file that is being read, and must not be written to
  bool is_replaced = false;  // by rename once the output is closed without an error; else in place
  bool is_new = false;  // the name must be free, or that of a pipe or a device; EEXIST: it is not
};

// A long text is made in pieces of at least this size, each of which is written and cleared.
inline constexpr std::size_t kTextPiece = std::size_t{1} << 16;

class Output {
 public:
  // The largest size for reserve().
  static constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

  // The descriptor stays the caller's: it is neither closed nor put into another mode.
  explicit Output(int fd);

  // Opens the file by the rules of output_file.h and replacement.h. If that fails, error() is the
  // reason, for output_problem().
  explicit Output(const char* path, const OutputRules& rules = {});

  // Writes the rest, and closes the descriptor if the output opened it.
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Makes room for `size` bytes. A call of commit() with their end adds them to the output.
  char* reserve(std::size_t size) {
    if (size > static_cast<std::size_t>(limit_ - end_)) flush();
    return end_;
  }
  void commit(char* end) { end_ = end; }

  void write(std::string_view text);

  // False: something has failed since the output was made.
  bool flush();

  // Flushes and closes, for errors that only closing a file shows. Nothing is written after that.
  bool close();

  // -1: the output could not be opened.
  int descriptor() const { return fd_; }

  // errno of the first failure, 0 while there is none.
  int error() const { return error_; }

 private:
  void write_out(const char* text, std::size_t size);

  int fd_;
  bool owns_fd_;
  bool is_replacing_ = false;
  Replacement replacement_;
  int error_ = 0;
  char* buffer_;
  char* end_;
  char* limit_;
};

}  // namespace pymemflow::report
