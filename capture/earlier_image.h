#pragma once
// Tells a file that an earlier image of a process left from those of other processes. An exec keeps
// the process id, and with it each name that contains the id. Allocates nothing; any thread.

#include <cstdint>

namespace pymemflow {

// The time of the last change in what stat() gives, of which macOS has another name.
template <typename FileFacts>
std::uint64_t changed_ns(const FileFacts& facts) {
  const auto nanoseconds = [](const auto& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_nsec);
  };
  if constexpr (requires { facts.st_mtimespec; }) {
    return nanoseconds(facts.st_mtimespec);
  } else {
    return nanoseconds(facts.st_mtim);
  }
}

// Nanoseconds of the system's clock of the time of day.
struct ImageTimes {
  std::uint64_t process_began = 0;  // before any exec; 0: unknown
  std::uint64_t image_began = 0;    // after the last exec

  // Whether a file that was changed last at this time is the work of an earlier image. Where the
  // times are unknown it is not.
  bool is_of_earlier_image(std::uint64_t changed) const {
    // The system counts the time of a process, and of the last change of a file, in steps.
    constexpr std::uint64_t kStep = 10'000'000;
    return process_began != 0 && process_began <= changed + kStep && changed < image_began;
  }
};

}  // namespace pymemflow
