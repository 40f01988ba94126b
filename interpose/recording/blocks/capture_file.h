#pragma once
// The capture file of this process. map_blocks() and append() may be called inside a hook, by
// several threads at once; no thread waits for another. The other functions start and end the
// recording.

#include <atomic>
#include <cstdint>
#include <string_view>

#include "capture/block.h"
#include "interpose/recording/blocks/capture_name.h"
#include "platform/files.h"

namespace pymemflow::interpose {

// The options of a capture.
struct CaptureSettings {
  std::string_view name = {};     // as options.def says of `capture`; empty: a file without a name
  std::uint64_t limit_bytes = 0;  // 0: half of the free space
  RecordMode mode = RecordMode::Full;
  std::uint64_t ring_bytes = 0;   // per writer; Ring only
  std::string_view options = {};  // as MetadataKind::Options
};

class CaptureFile {
 public:
  // Creates the file and its head. 0, or an error number. In a forked child it replaces the
  // parent's file, whose descriptor is closed in the child.
  //
  // An existing file is never changed: the process id is appended to the name then, and in a forked
  // child.
  int create(const CaptureSettings& settings, std::uint32_t process, bool is_forked_child);

  // Maps new zero bytes at the end of the file. Null on failure, with the reason in `error`.
  BlockHead* map_blocks(std::size_t bytes, int& error);

  // Appends a copy of an Events block whose head says how much of it is used. 0, or an error
  // number.
  int append(const BlockHead& block);

  // Counts an event that is lost because there is no writer for it.
  void count_lost();

  // Writes how the recording ended, so that a reader knows that the process was not killed.
  // reopen() undoes it.
  void end(EndKind kind, int failure, std::uint64_t last_numbers);
  void reopen();
  // Removes the file of a process that has nothing to report.
  void remove();

  // The mapped control word (kControlOffset). In a forked child the parent's, until create().
  std::uint32_t* control_word() const {
    return reinterpret_cast<std::uint32_t*>(reinterpret_cast<char*>(head_) + kControlOffset);
  }

  int descriptor() const { return file_; }
  // Empty: the file has no name.
  const char* name() const { return name_.text; }
  std::uint64_t limit_bytes() const { return limit_; }

 private:
  int open(const CaptureSettings& settings, std::uint32_t process, bool is_forked_child);
  int write_head(const CaptureSettings& settings, std::uint32_t process, bool is_forked_child);
  // Claims the range at the end of the file. 0, or an error number.
  int claim(std::size_t bytes, std::uint64_t& offset);
  // False: the program closed the file, and its descriptor may mean another file now.
  bool is_still_ours() const;

  int file_ = -1;
  platform::FileIdentity identity_{};
  FileHead* head_ = nullptr;
  std::uint64_t limit_ = 0;
  std::atomic<std::uint64_t> end_{0};
  CaptureName name_{};
};

}  // namespace pymemflow::interpose
