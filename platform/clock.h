#pragma once
// Clocks. All but find_quick_clock() may be called inside a hook: they take no lock, allocate
// nothing and keep errno.

#include <time.h>

#include <cstdint>

namespace pymemflow::platform {

inline std::uint64_t nanoseconds(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

std::uint64_t monotonic_ns();
// The same clock, without a system call if the kernel has left its code to the process and
// find_quick_clock() was called.
std::uint64_t quick_monotonic_ns();
// Takes the loader's lock (platform/loader.h).
void find_quick_clock();
std::uint64_t realtime_ns();
void sleep_us(std::uint32_t microseconds);

}  // namespace pymemflow::platform
