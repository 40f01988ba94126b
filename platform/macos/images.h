#pragma once
// A list of the images that dyld has mapped into this process, for the macOS files alone. dyld's
// own list has a lock, and the thread that holds it may be waiting for a thread that allocates. So
// dyld reports each image that is added or removed, outside every allocator hook, and hooks read
// this list without a lock.

#include <mach-o/loader.h>

#include <atomic>
#include <cstdint>

namespace pymemflow::platform {

struct Image {
  std::atomic<const mach_header_64*> header;  // null: unused, or removed
  std::uint64_t text_end;
  std::intptr_t slide;
  const char* path;  // kept for the life of the process
};

// Calls visit(image, header) for each image in the list.
template <typename Visit>
void for_each_image(Visit visit);

// Calls visit(command) for each load command of an image.
template <typename Visit>
void for_each_command(const mach_header_64& header, Visit visit) {
  const char* at = reinterpret_cast<const char*>(&header + 1);
  for (std::uint32_t i = 0; i < header.ncmds; ++i) {
    const auto* const command = reinterpret_cast<const load_command*>(at);
    visit(*command);
    at += command->cmdsize;
  }
}

inline constexpr std::size_t kMaxImages = 8192;
extern constinit Image images[kMaxImages];
extern constinit std::atomic<std::size_t> image_count;

template <typename Visit>
void for_each_image(Visit visit) {
  const std::size_t count = image_count.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < count && i < kMaxImages; ++i) {
    const mach_header_64* const header = images[i].header.load(std::memory_order_acquire);
    if (header != nullptr) visit(images[i], *header);
  }
}

}  // namespace pymemflow::platform
