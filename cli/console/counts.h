#pragma once
// How counts are said. Pure.

#include <cstdint>
#include <string>

#include "report/replay/profile.h"

namespace pymemflow::cli {

// "1 block", "2 blocks".
std::string counted(std::uint64_t count, const char* what);
// "2000 bytes in 2 blocks".
std::string counted(const report::Amount& amount);

}  // namespace pymemflow::cli
