#include "platform/macos/images.h"

#include <dlfcn.h>
#include <mach-o/dyld.h>
#include <mach-o/nlist.h>

#include <cstring>

#include "platform/loader.h"
#include "platform/memory.h"
#include "platform/modules.h"

namespace pymemflow::platform {

constinit Image images[kMaxImages] = {};
constinit std::atomic<std::size_t> image_count{0};

namespace {

constinit std::atomic<std::uint64_t> added{0};

// Copies of paths, since dyld's are freed with their images. Grows in steps; most processes need
// one.
constexpr std::size_t kPathBytes = std::size_t{256} << 10;
constinit char* paths = nullptr;
constinit std::size_t path_bytes_left = 0;

// dyld makes one call at a time.
const char* keep_path(const char* path) {
  const std::size_t bytes = std::strlen(path) + 1;
  if (bytes > path_bytes_left) {
    if (bytes > kPathBytes) return "";
    paths = static_cast<char*>(map_private(kPathBytes));
    path_bytes_left = paths == nullptr ? 0 : kPathBytes;
    if (paths == nullptr) return "";
  }
  char* const kept = paths;
  std::memcpy(kept, path, bytes);
  paths += bytes;
  path_bytes_left -= bytes;
  return kept;
}

std::uint64_t end_of_text(const mach_header_64& header, std::intptr_t slide) {
  std::uint64_t end = 0;
  for_each_command(header, [&](const load_command& command) {
    if (command.cmd != LC_SEGMENT_64) return;
    const auto& segment = reinterpret_cast<const segment_command_64&>(command);
    if (std::strcmp(segment.segname, SEG_TEXT) == 0) {
      end = segment.vmaddr + segment.vmsize + static_cast<std::uint64_t>(slide);
    }
  });
  return end;
}

void on_added(const mach_header* start, std::intptr_t slide) {
  const auto* const header = reinterpret_cast<const mach_header_64*>(start);
  Dl_info facts{};
  const bool is_named = ::dladdr(start, &facts) != 0 && facts.dli_fname != nullptr;
  // Reuses the place of a removed image, if there is one.
  std::size_t place = 0;
  const std::size_t count = image_count.load(std::memory_order_relaxed);
  while (place < count && images[place].header.load(std::memory_order_relaxed) != nullptr) ++place;
  if (place < kMaxImages) {
    Image& image = images[place];
    image.text_end = end_of_text(*header, slide);
    image.slide = slide;
    image.path = is_named ? keep_path(facts.dli_fname) : "";
    image.header.store(header, std::memory_order_release);
    if (place == count) image_count.store(count + 1, std::memory_order_release);
  }
  added.fetch_add(1, std::memory_order_release);
}

void on_removed(const mach_header* start, std::intptr_t) {
  for_each_image([&](Image& image, const mach_header_64& header) {
    if (reinterpret_cast<const mach_header*>(&header) == start) {
      image.header.store(nullptr, std::memory_order_release);
    }
  });
}

// dyld calls on_added() at once for all images that are loaded already.
__attribute__((constructor)) void watch_images() {
  ::_dyld_register_func_for_add_image(on_added);
  ::_dyld_register_func_for_remove_image(on_removed);
}

// Finds the external symbol of this name in the image's own table.
void* find_definition(const Image& image, const mach_header_64& header, const char* name) {
  const symtab_command* table = nullptr;
  const segment_command_64* link_edit = nullptr;
  for_each_command(header, [&](const load_command& command) {
    if (command.cmd == LC_SYMTAB) table = reinterpret_cast<const symtab_command*>(&command);
    if (command.cmd != LC_SEGMENT_64) return;
    const auto& segment = reinterpret_cast<const segment_command_64&>(command);
    if (std::strcmp(segment.segname, SEG_LINKEDIT) == 0) link_edit = &segment;
  });
  if (table == nullptr || link_edit == nullptr) return nullptr;
  const std::uint64_t base =
      static_cast<std::uint64_t>(image.slide) + link_edit->vmaddr - link_edit->fileoff;
  const auto* const symbols = reinterpret_cast<const nlist_64*>(base + table->symoff);
  const char* const names = reinterpret_cast<const char*>(base + table->stroff);
  for (std::uint32_t i = 0; i < table->nsyms; ++i) {
    const nlist_64& symbol = symbols[i];
    const bool is_defined = (symbol.n_type & N_STAB) == 0 && (symbol.n_type & N_EXT) != 0 &&
                            (symbol.n_type & N_TYPE) == N_SECT;
    // The names in the table begin with an underscore.
    if (!is_defined || symbol.n_un.n_strx >= table->strsize) continue;
    const char* const text = names + symbol.n_un.n_strx;
    if (text[0] == '_' && std::strcmp(text + 1, name) == 0) {
      return reinterpret_cast<void*>(symbol.n_value + static_cast<std::uint64_t>(image.slide));
    }
  }
  return nullptr;
}

}  // namespace

std::uint64_t count_added_libraries() {
  return added.load(std::memory_order_acquire);
}

void visit_definitions(const char* name,
                       void (*visit)(const char* path, void* address, void* context),
                       void* context) {
  for_each_image([&](const Image& image, const mach_header_64& header) {
    // Libraries of the system do not contain Python, and have a hundred thousand symbols.
    constexpr std::uint32_t kIsInSharedCache = 0x80000000;  // MH_DYLIB_IN_CACHE
    if ((header.flags & kIsInSharedCache) != 0) return;
    void* const address = find_definition(image, header, name);
    if (address == nullptr) return;
    visit(header.filetype == MH_EXECUTE ? "" : image.path, address, context);
  });
}

void visit_modules(std::span<char>, void (*visit)(const Mapping&, void*), void* context) {
  for_each_image([&](const Image& image, const mach_header_64& header) {
    const auto start = reinterpret_cast<std::uint64_t>(&header);
    visit({.start = start,
           .end = image.text_end,
           .offset = 0,
           .image = start,
           .path = image.path,
           .path_bytes = std::strlen(image.path)},
          context);
  });
}

std::size_t find_build_id(std::uint64_t image, std::span<unsigned char> id) {
  mach_header_64 header;
  if (!copy_memory(&header, image, sizeof header) || header.magic != MH_MAGIC_64) return 0;
  std::uint64_t at = image + sizeof header;
  const std::uint64_t end = at + header.sizeofcmds;
  for (std::uint32_t i = 0; i < header.ncmds && at < end; ++i) {
    uuid_command command;
    if (!copy_memory(&command, at, sizeof(load_command))) return 0;
    if (command.cmd == LC_UUID) {
      if (!copy_memory(&command, at, sizeof command) || sizeof command.uuid > id.size()) return 0;
      std::memcpy(id.data(), command.uuid, sizeof command.uuid);
      return sizeof command.uuid;
    }
    if (command.cmdsize < sizeof(load_command)) return 0;
    at += command.cmdsize;
  }
  return 0;
}

}  // namespace pymemflow::platform
