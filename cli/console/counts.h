#pragma once
// Formats counts for people: "1 block", "2 blocks". Pure.

#include <cstdint>
#include <string>

#include "report/base/amount.h"

namespace pymemflow::cli {

// "1 block", "2 blocks". `what` is the singular.
std::string counted(std::uint64_t count, const char* what);
// "2000 bytes in 2 blocks".
std::string counted(const report::Amount& amount);

}  // namespace pymemflow::cli
