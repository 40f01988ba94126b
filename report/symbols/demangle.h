#pragma once
// The names of C++ and Rust functions as their source code spells them. The mangled names come from
// files that may be damaged or hostile, so time, memory and stack are bounded. Report side; any
// thread.

#include <string_view>

#include "report/base/memory.h"

namespace pymemflow::report {

// The longest mangled name that is taken, and the longest result.
inline constexpr std::size_t kMaxMangledBytes = 4096;
inline constexpr std::size_t kMaxDemangledBytes = std::size_t{16} << 10;

// "ns::load(int)" for "_ZN2ns4loadEi". Rust's names (_R..., and _ZN...17h<hash>E) have no hash.
// Empty: the name is not mangled, is damaged, or exceeds a limit.
String demangled(std::string_view symbol);

// The name without the list of its parameters: "ns::load". A name without one is returned whole.
std::string_view without_parameters(std::string_view function);

// The name in at most about `most_bytes` bytes, for people. Of a longer one the parameters become
// "(...)", then the inner template arguments "<...>", then all of them; what is still longer is
// cut.
String shortened(std::string_view function, std::size_t most_bytes);

}  // namespace pymemflow::report
