#pragma once
// Clocks. May be called inside a hook: takes no lock, allocates nothing and keeps errno.

#include <cstdint>

namespace pymemflow::platform {

std::uint64_t monotonic_ns();
std::uint64_t realtime_ns();
void sleep_us(std::uint32_t microseconds);

}  // namespace pymemflow::platform
