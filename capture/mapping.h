#pragma once
// Mappings: calls of mmap() and its family, by which a program obtains memory without an allocator
// function. They have records, events and a ledger of their own, and are no part of blocks. Plain
// values and pure functions, for any thread.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "capture/stack.h"

namespace pymemflow {

// The numbers are stored in captures: a new function goes to the end.
enum class MappingFunction : std::uint8_t { mmap, mmap64, munmap, mremap };

inline constexpr std::string_view kMappingFunctionNames[] = {"mmap", "mmap64", "munmap", "mremap"};
inline constexpr std::size_t kMappingFunctions = std::size(kMappingFunctionNames);

// The moment of the call that a record is about. Another thread may be given a range before the
// call that releases it has returned. So a release is recorded before the call, and a range that is
// handed out after it.
enum class MappingStep : std::uint8_t {
  Mapped = 1,     // mmap() returned this range, which replaces what was there
  Releasing = 2,  // munmap() or mremap() is about to release this range
  Failed = 3,     // the call of this thread that was about to release this range has failed
  Moved = 4,      // mremap(), which had released a range, returned another one or the same
  Copied = 5,     // the same, and the old range is still mapped, without its memory
};

// The arguments of mmap(), in bits that do not depend on the system.
enum MappingTraits : std::uint16_t {
  kMapsFile = 1,          // not anonymous memory
  kMapsShared = 2,        // forked children have the same memory
  kMapsInaccessible = 4,  // no access: address space alone
  kMapsStack = 8,         // for a stack
  kMapsArena = 16,        // called by the interpreter's allocator of arenas
};

// The part of an event that calls of allocator functions do not have.
struct Mapping {
  MappingFunction function = {};
  MappingStep step = {};
  std::uint16_t traits = 0;  // of Mapped
  SiteId caller = kNoSite;   // the return address of the call; kNoSite: unknown
};

// The words of a record: [function, step, traits, caller] and then the values of the step.
//   Mapped             bytes, address
//   Releasing, Failed  address, bytes
//   Moved, Copied      old address, old bytes, new bytes, new address
inline constexpr std::size_t kMaxMappingValues = 4;
constexpr std::size_t mapping_values(MappingStep step) {
  switch (step) {
    case MappingStep::Mapped:
    case MappingStep::Releasing:
    case MappingStep::Failed:
      return 2;
    case MappingStep::Moved:
    case MappingStep::Copied:
      return kMaxMappingValues;
  }
  return 0;  // no such step
}

constexpr std::uint64_t mapping_word(const Mapping& mapping) {
  return static_cast<std::uint64_t>(mapping.function) |
         static_cast<std::uint64_t>(mapping.step) << 8 |
         static_cast<std::uint64_t>(mapping.traits) << 16 |
         static_cast<std::uint64_t>(mapping.caller) << 32;
}
constexpr Mapping mapping_of(std::uint64_t word) {
  return {static_cast<MappingFunction>(word & 0xff), static_cast<MappingStep>(word >> 8 & 0xff),
          static_cast<std::uint16_t>(word >> 16), static_cast<SiteId>(word >> 32)};
}

}  // namespace pymemflow
