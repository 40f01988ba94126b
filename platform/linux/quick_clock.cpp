// Reads the monotonic clock through the vDSO, the code that the kernel maps into every process. The
// function is taken from there and not by name from the loader, since the program may have put
// another one in front of clock_gettime(), which the hooks must not call.

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include <atomic>
#include <cstdint>
#include <ctime>

#include "platform/clock.h"
#include "platform/loader.h"

namespace pymemflow::platform {
namespace {

using ClockGettime = int (*)(clockid_t, timespec*);

#ifdef __x86_64__
constexpr char kName[] = "__vdso_clock_gettime";
#else
constexpr char kName[] = "__kernel_clock_gettime";
#endif

constinit std::atomic<ClockGettime> from_kernel{nullptr};

bool is_in_vdso(const void* address) {
  const auto* const image = reinterpret_cast<const char*>(::getauxval(AT_SYSINFO_EHDR));
  if (image == nullptr) return false;
  const auto* const head = reinterpret_cast<const ElfW(Ehdr)*>(image);
  const auto* const parts = reinterpret_cast<const ElfW(Phdr)*>(image + head->e_phoff);
  for (int i = 0; i < head->e_phnum; ++i) {
    const char* const start = image + parts[i].p_offset;
    if (parts[i].p_type == PT_LOAD && address >= start && address < start + parts[i].p_memsz) {
      return true;
    }
  }
  return false;
}

void take(const char*, void* address, void*) {
  if (is_in_vdso(address)) {
    from_kernel.store(reinterpret_cast<ClockGettime>(address), std::memory_order_relaxed);
  }
}

}  // namespace

void find_quick_clock() {
  visit_definitions(kName, take, nullptr);
}

std::uint64_t quick_monotonic_ns() {
  const ClockGettime read = from_kernel.load(std::memory_order_relaxed);
  timespec now{};
  if (read == nullptr || read(CLOCK_MONOTONIC, &now) != 0) return monotonic_ns();
  return nanoseconds(now);
}

}  // namespace pymemflow::platform
