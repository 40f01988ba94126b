#pragma once
// Prints a comparison: as a table for people, and as JSON. Pure.

#include <span>
#include <string>

#include "cli/overhead/comparison.h"

namespace pymemflow::cli::overhead {

std::string table_of(const Plan& plan, const Comparison& comparison,
                     std::span<const Measured> measured);

// docs/overhead.md describes the schema.
std::string json_of(const Plan& plan, const Comparison& comparison,
                    std::span<const Measured> measured);

}  // namespace pymemflow::cli::overhead
