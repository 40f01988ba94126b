// Reads the monotonic clock through the vDSO, the code that the kernel maps into every process. Its
// symbols are read here and not by the loader, since the hooks must not call what the program may
// have put in front of clock_gettime().

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "platform/clock.h"

namespace pymemflow::platform {
namespace {

using ClockGettime = int (*)(clockid_t, timespec*);

#ifdef __x86_64__
constexpr char kName[] = "__vdso_clock_gettime";
#else
constexpr char kName[] = "__kernel_clock_gettime";
#endif

constinit std::atomic<ClockGettime> from_kernel{nullptr};

struct Symbols {
  const ElfW(Sym) * symbols = nullptr;
  const char* names = nullptr;
  const std::uint32_t* hash = nullptr;
  const std::uint32_t* gnu_hash = nullptr;
};

Symbols symbols_of(const ElfW(Dyn) * entry, std::uintptr_t bias) {
  Symbols found;
  for (; entry->d_tag != DT_NULL; ++entry) {
    const std::uintptr_t address = bias + entry->d_un.d_ptr;
    if (entry->d_tag == DT_SYMTAB) found.symbols = reinterpret_cast<const ElfW(Sym)*>(address);
    if (entry->d_tag == DT_STRTAB) found.names = reinterpret_cast<const char*>(address);
    if (entry->d_tag == DT_HASH) found.hash = reinterpret_cast<const std::uint32_t*>(address);
    if (entry->d_tag == DT_GNU_HASH) {
      found.gnu_hash = reinterpret_cast<const std::uint32_t*>(address);
    }
  }
  return found;
}

// The number of symbols, which only the hash tables tell.
std::uint32_t count_of(const Symbols& symbols) {
  if (symbols.hash != nullptr) return symbols.hash[1];
  if (symbols.gnu_hash == nullptr) return 0;
  const std::uint32_t buckets = symbols.gnu_hash[0];
  const std::uint32_t first = symbols.gnu_hash[1];
  const std::uint32_t filter_words = symbols.gnu_hash[2] * (sizeof(ElfW(Addr)) / 4);
  const std::uint32_t* const bucket = symbols.gnu_hash + 4 + filter_words;
  std::uint32_t last = 0;
  for (std::uint32_t i = 0; i < buckets; ++i) last = bucket[i] > last ? bucket[i] : last;
  if (last < first) return first;
  const std::uint32_t* const chains = bucket + buckets;
  while ((chains[last - first] & 1) == 0) ++last;
  return last + 1;
}

ClockGettime find() {
  const auto* const image = reinterpret_cast<const char*>(::getauxval(AT_SYSINFO_EHDR));
  if (image == nullptr) return nullptr;
  const auto* const head = reinterpret_cast<const ElfW(Ehdr)*>(image);
  const auto* const parts = reinterpret_cast<const ElfW(Phdr)*>(image + head->e_phoff);
  std::uintptr_t bias = 0;
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = head->e_phnum; i-- > 0;) {
    const char* const place = image + parts[i].p_offset;
    if (parts[i].p_type == PT_LOAD) {
      bias = reinterpret_cast<std::uintptr_t>(place) - parts[i].p_vaddr;
    } else if (parts[i].p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(place);
    }
  }
  if (dynamic == nullptr) return nullptr;
  const Symbols found = symbols_of(dynamic, bias);
  if (found.symbols == nullptr || found.names == nullptr) return nullptr;
  for (std::uint32_t i = count_of(found); i-- > 0;) {
    const ElfW(Sym)& symbol = found.symbols[i];
    if (symbol.st_shndx == SHN_UNDEF || std::strcmp(found.names + symbol.st_name, kName) != 0) {
      continue;
    }
    return reinterpret_cast<ClockGettime>(bias + symbol.st_value);
  }
  return nullptr;
}

}  // namespace

void find_quick_clock() {
  from_kernel.store(find(), std::memory_order_relaxed);
}

std::uint64_t quick_monotonic_ns() {
  const ClockGettime read = from_kernel.load(std::memory_order_relaxed);
  timespec now{};
  if (read == nullptr || read(CLOCK_MONOTONIC, &now) != 0) return monotonic_ns();
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace pymemflow::platform
