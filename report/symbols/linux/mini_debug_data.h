#pragma once
// Unpacks the ELF file that distributions such as Fedora put into the section .gnu_debugdata: the
// symbols of functions that .dynsym lacks, compressed by xz. Uses liblzma, which is opened
// privately at the first use. Report side, in a process of its own; any thread.

#include <string_view>

#include "report/base/memory.h"

namespace pymemflow::report {

// Empty: liblzma is not installed, or the data is damaged or too large (64 MiB unpacked).
String unpack_mini_debug_data(std::string_view packed);

}  // namespace pymemflow::report
