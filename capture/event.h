#pragma once
// The vocabulary of both sides of the capture: allocator functions and events.
// Plain values without state, for any thread.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "capture/mapping.h"
#include "capture/stack.h"

namespace pymemflow {

enum class Effect : std::uint8_t { Allocate, Release, Move };

enum class Function : std::uint8_t {
#define PMF_FUNCTION(name, arguments, effect, where) name,
#include "capture/functions.def"
#undef PMF_FUNCTION
};

struct FunctionTraits {
  std::string_view name;
  std::string_view arguments;  // letters of functions.def
  Effect effect;
};

inline constexpr FunctionTraits kFunctions[] = {
#define PMF_FUNCTION(name, arguments, effect, where) {#name, arguments, Effect::effect},
#include "capture/functions.def"
#undef PMF_FUNCTION
};
inline constexpr std::size_t kFunctionCount = std::size(kFunctions);
inline constexpr std::size_t kMaxArguments = 3;

constexpr const FunctionTraits& traits(Function function) {
  return kFunctions[static_cast<std::size_t>(function)];
}

// The allocator that a call goes to: the C library's, or one of Python's (PyMemAllocatorDomain, in
// its order). The functions of Python's are the last rows of the table.
enum class Domain : std::uint8_t { C, Raw, Mem, Obj };
inline constexpr std::size_t kDomains = 3;  // Python's
inline constexpr std::string_view kDomainNames[kDomains] = {"raw", "mem", "obj"};

namespace detail {
inline constexpr std::size_t kFirstOfPython = static_cast<std::size_t>(Function::PyMem_RawMalloc);
inline constexpr Function kDomainFunctions[] = {Function::malloc, Function::calloc,
                                                Function::realloc, Function::free};
inline constexpr std::size_t kPerDomain = std::size(kDomainFunctions);
static_assert(kFirstOfPython + kPerDomain * kDomains == kFunctionCount);
}  // namespace detail

constexpr Domain domain_of(Function function) {
  const auto row = static_cast<std::size_t>(function);
  if (row < detail::kFirstOfPython) return Domain::C;
  return static_cast<Domain>(1 + (row - detail::kFirstOfPython) / detail::kPerDomain);
}
// Returns malloc for PyObject_Malloc, and so on.
constexpr Function c_function_of(Function function) {
  const auto row = static_cast<std::size_t>(function);
  if (row < detail::kFirstOfPython) return function;
  return detail::kDomainFunctions[(row - detail::kFirstOfPython) % detail::kPerDomain];
}
// The opposite. `function` is malloc, calloc, realloc or free.
constexpr Function in_domain(Function function, Domain domain) {
  if (domain == Domain::C) return function;
  std::size_t index = 0;
  while (detail::kDomainFunctions[index] != function) ++index;
  return static_cast<Function>(detail::kFirstOfPython +
                               (static_cast<std::size_t>(domain) - 1) * detail::kPerDomain + index);
}
static_assert(in_domain(Function::free, Domain::Obj) == Function::PyObject_Free);
static_assert(domain_of(Function::PyMem_Calloc) == Domain::Mem);
static_assert(c_function_of(Function::PyMem_RawRealloc) == Function::realloc);

// A call of an allocator function, or one of the moments that are recorded between calls.
enum class EventKind : std::uint8_t {
  Call,
  Entered,  // a probe reported that a Python function was entered at the site
  Left,     // a probe reported that a Python function was left at the site
  Mark,     // the program gave this moment a name (pymemflow_mark())
  Mapping,  // a call of mmap() or its family
  Memory,   // a reading of the resident set
};
// Whether events of this kind have a site.
constexpr bool has_site(EventKind kind) {
  return kind != EventKind::Mark && kind != EventKind::Memory;
}

// One event, as the report side sees it. It refers to nothing but names.
struct Event {
  Function function = {};  // of a Call
  EventKind kind = EventKind::Call;
  SiteId site = kNoSite;     // of the kinds that have one (has_site())
  std::uint32_t thread = 0;  // the kernel's thread id
  StackId stack = kNoStack;  // whose uppermost frame is the site
  // In the order of FunctionTraits::arguments. Of a Mapping: the range that is released, as address
  // and bytes, and the bytes that are mapped. Of a Memory: the resident bytes, and the bytes of the
  // C library's heaps and of their free parts; 0: unknown.
  std::uint64_t arguments[kMaxArguments] = {};
  // The address of the block, or of the range that is mapped. 0: the call failed, or releases.
  std::uint64_t result = 0;
  // CLOCK_MONOTONIC in nanoseconds. The event happened at this moment or later: the record knows
  // when the block that holds the event was begun. The time of a Mark is exact.
  std::uint64_t after_ns = 0;
  // The name of a Mark. Valid until the reader that handed out the event polls again.
  std::string_view name = {};
  Mapping mapping = {};

  // The requested size in bytes: elements times their size, modulo 2^64 as in the D script.
  constexpr std::uint64_t size_bytes() const {
    std::uint64_t product = 1;
    const std::string_view letters = traits(function).arguments;
    for (std::size_t i = 0; i < letters.size(); ++i) {
      if (letters[i] == 's' || letters[i] == 'n') product *= arguments[i];
    }
    return product;
  }
};

// Whether a call of the realloc family has ended the block that it was given: it has moved it, or
// was asked for 0 bytes, which releases it (not with Python's functions). Checks each argument by
// itself, since a call whose product overflows to 0 has failed.
constexpr bool releases_its_block(const Event& call) {
  if (traits(call.function).effect != Effect::Move) return false;
  if (call.result != 0) return true;
  if (domain_of(call.function) != Domain::C) return false;
  const std::string_view letters = traits(call.function).arguments;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const bool is_size = letters[i] == 's' || letters[i] == 'n';
    if (is_size && call.arguments[i] == 0) return true;
  }
  return false;
}

}  // namespace pymemflow
