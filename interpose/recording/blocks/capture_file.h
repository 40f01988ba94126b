#pragma once
// The file that the blocks of this process go to. map_blocks() and append() may be called from
// inside a hook, by several threads at once; none waits for another. create(), end() and the rest
// are for whoever starts and ends the recording.

#include <atomic>
#include <cstdint>
#include <string_view>

#include "capture/block.h"
#include "interpose/recording/blocks/capture_name.h"
#include "platform/files.h"

namespace pymemflow::interpose {

// What was asked for.
struct CaptureSettings {
  std::string_view name = {};     // as options.def says of `capture`; empty: a file without a name
  std::uint64_t limit_bytes = 0;  // 0: half of what is free
  RecordMode mode = RecordMode::Full;
  std::uint64_t ring_bytes = 0;   // a writer; Ring only
  std::string_view options = {};  // as MetadataKind::Options
};

class CaptureFile {
 public:
  // Makes the file and its head. 0, or an error number. In a forked child it takes the place of the
  // parent's, of which the child's descriptor is closed.
  //
  // A file that is there is never touched: then, and in a forked child, the process id is put
  // after the name.
  int create(const CaptureSettings& settings, std::uint32_t process, bool is_forked_child);

  // New zero bytes of the file, mapped; null on failure, and then `error` says why.
  BlockHead* map_blocks(std::size_t bytes, int& error);

  // Appends a copy of an Events block whose head says how much of it is used. 0, or an error
  // number.
  int append(const BlockHead& block);

  // Events for which there is no writer to count them.
  void count_lost();

  // The mark by which the reader knows that the process was not killed, and its taking back.
  void end(EndKind kind, int failure, std::uint64_t last_numbers);
  void reopen();
  // Takes the name away again, of a process that has nothing to say.
  void remove();

  // Where it is mapped (kControlOffset). That of the parent, until create().
  std::uint32_t* control_word() const {
    return reinterpret_cast<std::uint32_t*>(reinterpret_cast<char*>(head_) + kControlOffset);
  }

  int descriptor() const { return file_; }
  // Empty: it has none.
  const char* name() const { return name_.text; }
  std::uint64_t limit_bytes() const { return limit_; }

 private:
  int open(const CaptureSettings& settings, std::uint32_t process, bool is_forked_child);
  int write_head(const CaptureSettings& settings, std::uint32_t process, bool is_forked_child);
  // Claims the range at the end of the file. 0, or an error number.
  int claim(std::size_t bytes, std::uint64_t& offset);
  // A program may have closed the file, and its number may mean another one by now.
  bool is_still_ours() const;

  int file_ = -1;
  platform::FileIdentity identity_{};
  FileHead* head_ = nullptr;
  std::uint64_t limit_ = 0;
  std::atomic<std::uint64_t> end_{0};
  CaptureName name_{};
};

}  // namespace pymemflow::interpose
