#pragma once
// The formats of a report: formats.def is the table. Any thread.

#include <cstdint>
#include <span>
#include <string_view>

#include "options/resolve.h"

namespace pymemflow::report {

enum class Format : std::uint8_t {
#define PMF_FORMAT(name, needs, sentence) name,
#include "report/formats/formats.def"
#undef PMF_FORMAT
};

// For resolve(), by Format.
std::span<const FormatName> format_names();

// The format of that name; the default if there is none.
Format format_of(std::string_view name);

}  // namespace pymemflow::report
