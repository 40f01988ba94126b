#pragma once
// The files that are mapped executable into this process. May be called inside a hook: takes no
// lock, allocates nothing and keeps errno.

#include <cstddef>
#include <cstdint>
#include <span>

namespace pymemflow::platform {

struct Mapping {
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t offset;
  std::uint64_t image;  // the address of the file's first byte; 0: unknown
  const char* path;     // path_bytes long, not terminated; valid during the call
  std::size_t path_bytes;
};

// Calls visit(mapping, context) for each executable mapping of a file. `scratch` must hold the
// longest line that names one; 8 KiB suffice. The caller provides it because a signal's stack may
// be small.
void visit_modules(std::span<char> scratch, void (*visit)(const Mapping&, void*), void* context);

// Copies the build id of the file mapped at `image` to `id` and returns its size in bytes. The
// build id tells later whether a file of the same path is still the same. Another thread may unmap
// the image at any time. 0: it has no build id, or one that does not fit, or the mapping is not a
// loaded file.
std::size_t find_build_id(std::uint64_t image, std::span<unsigned char> id);

}  // namespace pymemflow::platform
