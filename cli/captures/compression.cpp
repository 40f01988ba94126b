#include "cli/captures/compression.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "cli/captures/captures.h"
#include "cli/console/descriptor.h"
#include "cli/console/files.h"
#include "platform/temporary_path.h"
#include "report/base/output.h"
#include "report/base/output_path.h"
#include "report/compression/compressed_capture.h"
#include "report/compression/joined_capture.h"
#include "report/reader/capture_index.h"
#include "report/reader/file_reads.h"

namespace pymemflow::cli {
namespace {

using report::CompressionError;

int make_temporary() {
  std::string path = temporary_folder() + "/pymemflow.XXXXXX";
  pymemflow::platform::TemporaryPath noted;
  const int file = noted.make_file(path.data());
  if (file >= 0) ::unlink(path.c_str());
  return file;
}

// Copies a file to a descriptor, such as standard output. 0, or an errno.
int copy_all(int from, int to) {
  report::Output output(to);
  std::vector<char> piece(std::size_t{1} << 16);
  for (off_t at = 0;;) {
    const ssize_t bytes = ::pread(from, piece.data(), piece.size(), at);
    if (bytes < 0) return errno;
    if (bytes == 0) break;
    output.write({piece.data(), static_cast<std::size_t>(bytes)});
    at += bytes;
  }
  return output.close() || output.error() == EPIPE ? 0 : output.error();
}

// A file that gets its name when it is complete. It is made for its owner alone. A descriptor, such
// as standard output, gets the complete file.
class NewFile {
 public:
  explicit NewFile(const std::string& path)
      : path_(path), temporary_(path + ".XXXXXX"), stream_(report::descriptor_in(path)) {
    file_ = stream_ >= 0 ? make_temporary() : noted_.make_file(temporary_.data());
  }
  ~NewFile() {
    if (file_ < 0) return;
    ::close(file_);
    if (stream_ < 0) ::unlink(temporary_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  int descriptor() const { return file_; }
  // Fails if the name is taken: link() replaces nothing.
  Error name() {
    if (stream_ >= 0) {
      const int error = copy_all(file_, stream_);
      return error == 0 ? Error() : Error(shown_output(path_) + ": " + std::strerror(error));
    }
    if (::link(temporary_.c_str(), path_.c_str()) == 0) return {};
    if (errno == EEXIST) return Error(path_ + ": exists already; nothing is overwritten");
    // A file system without hard links. The name is taken first, by an empty file.
    const int placeholder = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (placeholder < 0) return system_error(path_);
    ::close(placeholder);
    return ::rename(temporary_.c_str(), path_.c_str()) == 0 ? Error() : system_error(path_);
  }

 private:
  std::string path_;
  std::string temporary_;
  pymemflow::platform::TemporaryPath noted_;
  const int stream_;  // the descriptor that the path names; -1: it names a file
  int file_ = -1;
};

Error error_of(CompressionError error, const std::string& from, const std::string& to) {
  if (error == CompressionError::None) return {};
  const bool is_output =
      error == CompressionError::Unwritable || error == CompressionError::TooLarge;
  return Error((is_output ? shown_output(to) : from) + ": " + std::string(report::describe(error)));
}

bool exists(const std::string& path) {
  struct stat status {};
  return report::descriptor_in(path) < 0 && ::lstat(path.c_str(), &status) == 0;
}

// The reason why a file is not a capture that is complete; empty: it is one. `index` has its head.
std::string problem_of(const report::CaptureIndex& index, int file) {
  const FileHead& head = index.head();
  if (head.magic != kFileMagic) {
    return report::is_compressed(file) ? "is compressed already" : "is not a capture of pymemflow";
  }
  const auto process = static_cast<pid_t>(head.process);
  if (head.end == EndKind::None && process > 0 && (::kill(process, 0) == 0 || errno == EPERM)) {
    return "may still grow: process " + std::to_string(process) + " has not ended";
  }
  return {};
}

}  // namespace

std::string replace_by_plain(int& file) {
  if (!report::is_compressed(file)) return {};
  const Descriptor compressed(file);
  file = make_temporary();
  std::uint64_t lost = 0;
  const CompressionError error =
      file < 0 ? CompressionError::Unwritable : report::decompress(compressed.number(), file, lost);
  if (error == CompressionError::None) return {};
  std::string problem(report::describe(error));
  if (error == CompressionError::Unwritable) problem = "cannot be decompressed: " + problem;
  if (file >= 0) ::close(file);
  file = -1;
  return problem;
}

Error compress_capture(const std::string& from, const std::string& to, bool* is_joined) {
  OpenCapture source;
  if (!source.open(from)) return system_error(from);
  report::CaptureIndex index;
  const report::CaptureError unreadable = index.update_head(source.files());
  std::string problem(report::describe(unreadable));
  const bool is_known = unreadable != report::CaptureError::NotACapture;
  if (problem.empty() || !is_known) problem = problem_of(index, source.files().capture);
  if (!problem.empty()) return Error(from + ": " + problem);
  if (exists(to)) return Error(to + ": exists already; nothing is overwritten");
  // Of a killed process: the latest events are in the file of its windows.
  const bool has_windows = index.files().windows >= 0;
  if (is_joined != nullptr) *is_joined = has_windows;
  const Descriptor joined(has_windows ? make_temporary() : -1);
  if (has_windows) {
    if (joined.number() < 0) return system_error(from + ": cannot be copied");
    const report::JoinError error = report::join_capture(index.files(), joined.number());
    if (error != report::JoinError::None) return system_error(from + ": cannot be copied");
  }
  NewFile target(to);
  if (target.descriptor() < 0) return system_error(to);
  const int plain = has_windows ? joined.number() : source.files().capture;
  const CompressionError error = report::compress(plain, target.descriptor());
  return error == CompressionError::None ? target.name() : error_of(error, from, to);
}

Error decompress_capture(const std::string& from, const std::string& to, std::uint64_t& lost) {
  const Descriptor source(open_for_reading(from));
  if (source.number() < 0) return system_error(from);
  if (exists(to)) return Error(to + ": exists already; nothing is overwritten");
  NewFile target(to);
  if (target.descriptor() < 0) return system_error(to);
  const CompressionError error = report::decompress(source.number(), target.descriptor(), lost);
  return error == CompressionError::None ? target.name() : error_of(error, from, to);
}

}  // namespace pymemflow::cli
