#pragma once
// The rules that walks have compiled so far. A rule says, for one address of code, where the
// caller's registers are. All threads share one table. On macOS there are no rules, and these
// functions do nothing.

#include <cstddef>
#include <cstdint>

#include "interpose/unwind/stops.h"

namespace pymemflow::interpose {

// The source of a module's unwind data.
enum class ModuleSource : std::uint8_t {
  Best,  // the loader's _dl_find_object() (glibc 2.35 and later), else the maps
  Maps,  // /proc/self/maps, read when an address is in none of the modules known so far
};

// Makes the table. Called once, at start, not inside a hook: it asks the loader. False: no memory,
// and each walk ends with NoRule at its first frame.
bool prepare_rules(ModuleSource source = ModuleSource::Best);

// The code in this range is no longer mapped: dlclose(). Any thread, also inside a hook. Takes the
// time of reading the table, 512 KiB.
void forget_rules(CodeRange range);

// Libraries were loaded: addresses that had no rule are looked up again. Any thread, any time.
void note_loaded_code();

struct RuleCounts {
  std::uint64_t compiled;  // including those that were evicted and compiled again
  std::uint64_t failed;    // addresses that have no rule
};
RuleCounts count_rules();

}  // namespace pymemflow::interpose
