#pragma once
// The file that the blocks of this process go to. Every function but create() may be called from
// inside a hook, by several threads at once; none waits for another.

#include <atomic>
#include <cstdint>

#include "interpose/block.h"
#include "interpose/platform/platform.h"

namespace pymemflow::interpose {

class CaptureFile {
 public:
  // Makes the file and its head. 0, or an error number. In a forked child it takes the place of the
  // parent's, of which the child's descriptor is closed.
  int create(std::uint32_t process);

  // A new block of the file, mapped, to be some writer's window; null on failure, and then `error`
  // says why.
  BlockHead* map_window(int& error);

  // Appends `block`, whose head says how much of it is used. 0, or an error number.
  int append(const BlockHead& block);

  int descriptor() const { return file_; }

 private:
  // Claims the range at the end of the file; its offset.
  std::uint64_t claim(std::size_t bytes);
  // A program may have closed the file, and its number may mean another one by now.
  bool is_still_ours() const;

  int file_ = -1;
  platform::FileIdentity identity_{};
  std::atomic<std::uint64_t> end_{0};
};

}  // namespace pymemflow::interpose
