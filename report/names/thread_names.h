#pragma once
// The threads of a process and their names, as the kernel has them. Report side, one thread.

#include <cstdint>
#include <string_view>

#include "report/base/memory.h"

namespace pymemflow::report {

class ThreadNames {
 public:
  struct Thread {
    std::uint64_t stamp = 0;
    String name;
  };

  // `thread`: the kernel's number of it. It has the name from the stamp on; of several names the
  // last one counts.
  void add(std::uint32_t thread, std::uint64_t stamp, std::string_view name) {
    const auto [found, is_new] = threads_.try_emplace(thread);
    if (!is_new && stamp < found->second.stamp) return;
    found->second = {stamp, String(name)};
  }

  // Empty: the thread has no name.
  std::string_view find(std::uint32_t thread) const {
    const auto found = threads_.find(thread);
    return found == threads_.end() ? std::string_view() : std::string_view(found->second.name);
  }

  // By number.
  const Map<std::uint32_t, Thread>& all() const { return threads_; }

 private:
  Map<std::uint32_t, Thread> threads_;
};

}  // namespace pymemflow::report
