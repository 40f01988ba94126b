#pragma once
// The build id of a file that is mapped into this process: what tells later whether a file of the
// same path is still the same file. Reads memory that another thread may unmap at any time, by a
// system call; nothing is allocated; any thread.

#include <cstddef>
#include <cstdint>
#include <span>

#include "interpose/record.h"

namespace pymemflow::interpose {

// `image`: where the file's first byte is mapped. The bytes of the id; 0: it has none, or it is not
// where the loader would have to have put it.
std::size_t find_build_id(std::uint64_t image, std::span<unsigned char, kMaxBuildIdBytes> id);

}  // namespace pymemflow::interpose
