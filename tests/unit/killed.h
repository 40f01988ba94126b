#pragma once
// For unit tests of captures whose process was killed while it recorded. One thread at a time.

#include <fcntl.h>
#include <sys/mman.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <new>
#include <string>

#include "tests/unit/recorded.h"

namespace pymemflow {

struct Kill {
  std::uint64_t events;  // after this number of events,
  useconds_t pause_us;   // and this time
};

// Starts a process that calls record(0), record(1) and so on, kills it, and calls body(file,
// events) for its capture, which has at least `events` complete events.
template <typename Record, typename Body>
void with_killed(const interpose::CaptureSettings& settings, Kill when, Record record, Body body) {
  struct Progress {
    std::atomic<int> descriptor;
    std::atomic<std::uint64_t> events;
  };
  void* const shared =
      ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto& progress = *new (shared) Progress{};
  const pid_t child = ::fork();
  if (child == 0) {
    if (interpose::start_recording({}, settings) != 0) ::_exit(1);
    progress.descriptor = interpose::recording.destination.file.descriptor();
    for (std::uint64_t i = 0;; ++i) {
      record(i);
      progress.events.store(i + 1);
    }
  }
  while (progress.events < when.events) ::usleep(10);
  const std::string path =
      "/proc/" + std::to_string(child) + "/fd/" + std::to_string(progress.descriptor);
  const int file = ::open(path.c_str(), O_RDONLY);
  ASSERT_GE(file, 0);
  ::usleep(when.pause_us);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  body(file, progress.events.load());
  ::close(file);
  ::munmap(shared, sizeof(Progress));
}

}  // namespace pymemflow
