#pragma once
// Marks the work that this library does for itself outside the hooks, on the thread that does it.

#include "interpose/recording/writer.h"

namespace pymemflow::interpose {

// While it lives, allocations of this thread are not recorded: the memory of the report, and of the
// libraries that it opens.
class OwnWork {
 public:
  OwnWork() : writer_(this_writer()) {
    if (writer_ != nullptr) before_ = writer_->state.exchange(WriterState::Ignoring);
  }
  ~OwnWork() {
    if (writer_ != nullptr) writer_->state.store(before_);
  }
  OwnWork(const OwnWork&) = delete;
  OwnWork& operator=(const OwnWork&) = delete;

 private:
  Writer* const writer_;
  WriterState before_ = WriterState::Idle;
};

}  // namespace pymemflow::interpose
