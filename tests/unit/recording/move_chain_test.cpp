// Tests concurrent Moves in which each gets the block that the one before it released. They must be
// read in that order, whichever of them was recorded last.

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "interpose/recording/recorder.h"
#include "report/reader/capture_reader.h"

namespace pymemflow {
namespace {

using interpose::MoveRecord;

const void* const kCaller = reinterpret_cast<const void*>(0x1000);

void* block(std::uintptr_t address) {
  return reinterpret_cast<void*>(address);
}

TEST(MoveChain, IsReadFromItsBeginning) {
  constexpr std::uintptr_t kFirst = 0x10000, kSecond = 0x20000, kThird = 0x30000;
  ASSERT_EQ(interpose::start_recording({}), 0);
  interpose::record_malloc(1, block(kFirst), kCaller);
  interpose::record_malloc(2, block(kSecond), kCaller);
  // This thread releases the first block. A second thread gets it and releases the second block,
  // which a third thread gets, all before the first two calls return.
  MoveRecord first(Function::realloc, block(kFirst), kCaller);
  std::thread([] {
    MoveRecord second(Function::realloc, block(kSecond), kCaller);
    std::thread([] { interpose::record_malloc(5, block(kSecond), kCaller); }).join();
    second.finish({kSecond, 4}, block(kFirst));
  }).join();
  first.finish({kFirst, 3}, block(kThird));
  ASSERT_TRUE(interpose::end_recording());

  report::CaptureReader reader(interpose::recording.destination.file.descriptor());
  ASSERT_EQ(reader.poll(), report::CaptureError::None);
  std::vector<std::uint64_t> sizes;
  Event event;
  const report::Site* site = nullptr;
  while (reader.next(event, site)) sizes.push_back(event.size_bytes());
  EXPECT_EQ(sizes, (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace pymemflow
