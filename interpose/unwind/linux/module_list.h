#pragma once
// The files that are mapped executable, as /proc/self/maps names them. For systems whose loader
// has no function that finds a module without a lock.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "interpose/unwind/stops.h"

namespace pymemflow::interpose {

class ModuleList {
 public:
  // The address of the first byte of the file that is mapped at `address`; 0: there is none. Reads
  // the maps if the address is in no module known so far. Any thread, also inside a hook.
  std::uintptr_t find(std::uintptr_t address);
  void forget(CodeRange range);

 private:
  // `version` is odd while a thread writes the other members, and changes with each write.
  struct Module {
    std::atomic<std::uint32_t> version;
    std::atomic<std::uintptr_t> start;
    std::atomic<std::uintptr_t> end;  // 0: free
    std::atomic<std::uintptr_t> image;
  };
  static constexpr std::size_t kModules = 2048;

  std::uintptr_t find_known(std::uintptr_t address) const;
  static bool write(Module& module, std::uintptr_t start, std::uintptr_t end, std::uintptr_t image);
  void add(std::uintptr_t start, std::uintptr_t end, std::uintptr_t image);

  Module modules_[kModules] = {};
  std::atomic<std::size_t> used_{0};
};

}  // namespace pymemflow::interpose
