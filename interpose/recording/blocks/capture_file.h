#pragma once
// The capture file of this process, and NAME.windows beside it, which holds what is mapped of a
// capture with a name (capture/block.h). map_blocks() and append() may be called inside a hook, by
// several threads at once; no thread waits for another. The other functions start and end the
// recording.
//
// Another program may cut the capture off, replace its content or remove it. It is noticed by the
// next append() or map_blocks(), or at the end, and nothing is written to the capture any more.

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
  std::uint64_t ring_bytes = 0;    // per writer; Ring only
  std::uint32_t max_stack = 0;     // frames that a stack may have; 0: sites alone are recorded
  bool has_native_frames = false;  // with max_stack
  bool has_domains = false;        // calls of Python's allocators are recorded
  bool has_mappings = true;        // calls of mmap() and its family are recorded
  bool has_process_map = false;    // the map of the process is written at the end
  std::string_view options = {};   // as MetadataKind::Options
};

class CaptureFile {
 public:
  // Creates the file and its head. 0, or an error number. In a forked child it replaces the
  // parent's file, whose descriptor is closed in the child.
  //
  // An existing file is never changed: the process id is appended to the name then, and in a forked
  // child. So it is where NAME.windows exists, which a killed program left.
  int create(const CaptureSettings& settings, std::uint32_t process, bool is_forked_child);

  // Maps new zero bytes at the end of the file. Null on failure, with the reason in `error`.
  BlockHead* map_blocks(std::size_t bytes, int& error);

  // Appends a copy of an Events block whose head says how much of it is used. 0, or an error
  // number.
  int append(const BlockHead& block);

  // The record has been given this name. False: it is too long.
  bool take_name(std::string_view path);
  // Removes the name, if it is still that of the file.
  void remove_name();
  // Whether the process may end unnoticed from here on (kEndUnseenOffset).
  void set_end_unseen(bool is_unseen);

  // Notes in the head that the recording could not see this, for good.
  void note_unseen(Unseen fact);

  // Maps blocks from which map_blocks() takes when the program forbids system calls. False: nothing
  // could be mapped.
  bool map_spare_blocks();
  // From here on map_blocks() takes from the spare blocks alone, and append() fails: the caller
  // leaves the full block where it is.
  void use_spare_blocks(bool are_used) { uses_spare_ = are_used; }
  bool uses_spare_blocks() const { return uses_spare_; }
  // As visit_areas() of window.h, for the spare blocks.
  bool visit_spare_blocks(bool (CaptureFile::*visit)(BlockHead*, std::size_t)) {
    return spare_ == nullptr || (this->*visit)(reinterpret_cast<BlockHead*>(spare_), spare_bytes_);
  }

  // Counts an event that is lost because there is no writer for it.
  void count_lost();

  // Writes how the recording ended, so that a reader knows that the process was not killed, copies
  // the blocks of NAME.windows to the capture and removes NAME.windows. Returns `failure`, or
  // kTruncated if that is why the record is not complete. reopen() undoes it.
  int end(EndKind kind, int failure, std::uint64_t last_numbers);
  void reopen();
  // Removes the end from the mapped head alone, without a system call.
  void reopen_in_memory();
  // After reopen(), as end() has removed NAME.windows: makes a new one, by begin_new_windows(),
  // then reserve_again() and map_again() for every mapped area, of which the first block is given,
  // and use_new_windows(). Nobody may write to the areas meanwhile. False, and to be dropped:
  // NAME.windows cannot be made, and what is mapped is lost if the process is killed.
  bool is_windows_name_removed() const;
  bool begin_new_windows();
  bool reserve_again(BlockHead* block, std::size_t bytes);
  bool map_again(BlockHead* block, std::size_t bytes);
  void use_new_windows();
  void drop_new_windows();
  // In a forked child: private zeros replace the parent's blocks. True.
  bool replace_by_zeros(BlockHead* block, std::size_t bytes);
  // Removes the files of a process that has nothing to report.
  void remove();

  // The mapped control word (kControlOffset). In a forked child the parent's, until create().
  std::uint32_t* control_word() const {
    return reinterpret_cast<std::uint32_t*>(reinterpret_cast<char*>(head_) + kControlOffset);
  }

  int descriptor() const { return file_; }
  // The descriptor of the file that is mapped: that of the capture, if it has no name.
  int mapped_descriptor() const { return windows_; }
  // Whether this number is a descriptor of the capture's files, and the program has not put another
  // file in its place.
  bool is_own_descriptor(int number) const;
  // Whether a reader can have all of its descriptors.
  bool is_open() const;
  // The descriptor of NAME.windows; -1: there is none, or a reader no longer needs it.
  int windows_descriptor() const { return has_windows() && !is_copied_ ? windows_ : -1; }
  bool has_windows() const { return windows_ != file_; }
  // Empty: the file has no name.
  const char* name() const { return name_.text; }
  // NAME.windows exists, and not NAME: so the record has another name.
  bool is_windows_name_taken() const { return is_windows_name_taken_; }
  // After end(): another program has removed the name of the capture, and not that of NAME.windows.
  bool is_name_lost() const { return is_name_lost_; }
  std::uint64_t limit_bytes() const { return limit_; }
  // The time of day at which the recording began.
  std::uint64_t started_ns() const { return started_ns_; }

 private:
  int open(const CaptureSettings& settings, std::uint32_t process, bool is_forked_child);
  int write_head(const CaptureSettings& settings, std::uint32_t process, bool is_forked_child);
  // Creates both files under name_. 0, or an error number.
  int make_files();
  BlockHead* take_spare(std::size_t bytes, int& error);
  // Claims the range at the end of the file. 0, or an error number.
  int claim(std::size_t bytes, std::uint64_t& offset);
  // 0; EBADF if the program closed the file, so that its descriptor may mean another file now; or
  // kTruncated.
  int check() const;
  bool has_own_head() const;
  char* unseen_facts() const { return reinterpret_cast<char*>(head_) + kUnseenOffset; }
  void note_written(std::uint64_t end);
  // Copies what is mapped to the capture. False: NAME.windows is still needed.
  bool copy_windows();
  // Writes the head to the capture, where it is not mapped.
  bool write_own_head();
  void close();

  int file_ = -1;
  int windows_ = -1;  // the file that is mapped; file_, if that has no name
  platform::FileIdentity identity_{};
  platform::FileIdentity windows_identity_{};
  // The file is at least that long, unless another program has cut it off.
  std::atomic<std::uint64_t> written_{0};
  int new_windows_ = -1;
  char* spare_ = nullptr;
  std::size_t spare_bytes_ = 0;
  std::atomic<std::size_t> spare_used_{0};
  std::atomic<bool> uses_spare_{false};
  bool is_copied_ = false;
  bool is_name_lost_ = false;
  bool is_windows_name_taken_ = false;
  FileHead* head_ = nullptr;
  std::uint64_t started_ns_ = 0;
  std::uint64_t limit_ = 0;
  std::atomic<std::uint64_t> end_{0};
  CaptureName name_{};
  CaptureName windows_name_{};
};

}  // namespace pymemflow::interpose
