#pragma once
// The vocabulary of the whole program: what one call of an allocator function was. Both sides of
// the crossing speak it; it has no state, and any thread may use it.

#include <cstddef>
#include <cstdint>
#include <string_view>

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

// A number that stands for where a call came from: a Python code object and instruction, or, where
// no Python frame was running, the return address of the call. Unique in a process for its life.
using SiteId = std::uint32_t;
inline constexpr SiteId kNoSite = 0;

// What stands between two calls: a probe said that a Python function was entered, or left; or the
// program gave the moment a name (pymemflow_mark()), and then there is no site.
enum class Mark : std::uint8_t { None, Entered, Left, Named };

// One call, as the report side sees it.
struct Event {
  Function function;
  SiteId site;
  std::uint32_t thread;                    // the kernel's thread id
  std::uint64_t arguments[kMaxArguments];  // in the order of FunctionTraits::arguments
  std::uint64_t result;                    // address handed out; 0: the call failed, or Release
  Mark mark = Mark::None;                  // else this is no call, and has a site and thread alone

  // What was asked for, in bytes: the elements times their size, wrapping as the D script's does.
  constexpr std::uint64_t size_bytes() const {
    std::uint64_t product = 1;
    const std::string_view letters = traits(function).arguments;
    for (std::size_t i = 0; i < letters.size(); ++i) {
      if (letters[i] == 's' || letters[i] == 'n') product *= arguments[i];
    }
    return product;
  }
};

}  // namespace pymemflow
