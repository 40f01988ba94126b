#pragma once
// For unit tests that record events through the recorder and read them back. A process records only
// once, so each test runs in its own process. One thread at a time.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <iterator>
#include <vector>

#include "interpose/recording/recorder.h"
#include "report/reader/capture_reader.h"

namespace pymemflow {

inline const void* caller(std::uintptr_t number) {
  return reinterpret_cast<const void*>(number);
}
// A call in one of four functions of this program. Profiles name code that is in no file alike:
// "(no file)".
template <int number>
[[gnu::noinline]] void make_call() {
  __asm__ volatile("" : : "i"(number));
}
inline const void* caller_in_function(std::uintptr_t number) {
  using Code = void (*)();
  static constexpr Code kCalled[] = {make_call<0>, make_call<1>, make_call<2>, make_call<3>};
  return reinterpret_cast<const char*>(kCalled[number % std::size(kCalled)]) + 1;
}
inline void* block(std::uintptr_t address) {
  return reinterpret_cast<void*>(address);
}

struct Read {
  std::vector<Event> events;
  std::vector<report::Site> sites;
  std::vector<report::EventSum> sums;
  std::uint64_t recorded = 0;
  std::uint64_t lost = 0;
  std::uint64_t overwritten = 0;
  std::uint64_t damaged = 0;
  std::uint64_t left_out = 0;
  FileHead head{};
};

inline Read read_all(int file = interpose::recording.destination.file.descriptor()) {
  Read read;
  report::CaptureReader reader(file);
  EXPECT_EQ(reader.poll(), report::CaptureError::None);
  Event event;
  const report::Site* site = nullptr;
  while (reader.next(event, site)) {
    if (site == nullptr) continue;
    read.events.push_back(event);
    read.sites.push_back(*site);
  }
  read.sums.assign(reader.sums().begin(), reader.sums().end());
  read.recorded = reader.recorded();
  read.lost = reader.lost();
  read.overwritten = reader.overwritten();
  read.damaged = reader.damaged();
  read.left_out = reader.left_out();
  read.head = reader.head();
  return read;
}

// Runs `body` in a child process that records.
template <typename Body>
void in_own_process(Body body, const interpose::CaptureSettings& settings = {}) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    EXPECT_EQ(interpose::start_recording({}, settings), 0);
    body();
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

}  // namespace pymemflow
