#include "interpose/unwind/linux/unwind_module.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <atomic>
#include <cstring>

#include "interpose/unwind/linux/module_list.h"
#include "platform/loader.h"

namespace pymemflow::interpose {
namespace {

// As glibc 2.35 defines it for 64-bit processors. An older one and musl do not.
struct FoundObject {
  unsigned long long flags;
  void* map_start;
  void* map_end;
  void* link_map;
  void* eh_frame_hdr;
  unsigned long long reserved[7];
};
using FindObject = int (*)(void* address, FoundObject* result);

constinit std::atomic<FindObject> find_object{nullptr};
constinit ModuleList modules;

constexpr std::size_t kFirstPage = 4096;

struct Segments {
  const ElfW(Phdr) * first;
  std::size_t count;
  std::uintptr_t base;  // added to their addresses

  Bytes bytes(const ElfW(Phdr) & segment) const {
    return {reinterpret_cast<const unsigned char*>(base + segment.p_vaddr), segment.p_memsz};
  }
  // The readable loaded segment with this address. Empty: there is none.
  Bytes around(std::uintptr_t address) const {
    for (std::size_t i = 0; i < count; ++i) {
      const ElfW(Phdr)& segment = first[i];
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_R) == 0) continue;
      if (address - (base + segment.p_vaddr) < segment.p_filesz) {
        return {reinterpret_cast<const unsigned char*>(base + segment.p_vaddr), segment.p_filesz};
      }
    }
    return {};
  }
  const ElfW(Phdr) * find(std::uint32_t type) const {
    for (std::size_t i = 0; i < count; ++i) {
      if (first[i].p_type == type) return &first[i];
    }
    return nullptr;
  }
};

// The program headers lie in the first page, behind the file's header.
std::optional<Segments> read_segments(std::uintptr_t image) {
  const auto* const head = reinterpret_cast<const ElfW(Ehdr)*>(image);
  if (std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_phentsize != sizeof(ElfW(Phdr)) ||
      head->e_phoff > kFirstPage ||
      head->e_phnum > (kFirstPage - head->e_phoff) / sizeof(ElfW(Phdr))) {
    return std::nullopt;
  }
  Segments segments = {reinterpret_cast<const ElfW(Phdr)*>(image + head->e_phoff), head->e_phnum,
                       image};
  const ElfW(Phdr)* const loaded = segments.find(PT_LOAD);
  if (loaded == nullptr || loaded->p_offset >= kFirstPage) return std::nullopt;
  segments.base = image - (loaded->p_vaddr - loaded->p_offset);
  return segments;
}

}  // namespace

std::optional<UnwindModule> read_unwind_module(std::uintptr_t image, std::uintptr_t address) {
  const std::optional<Segments> segments = read_segments(image);
  if (!segments) return std::nullopt;
  UnwindModule module = {};
  if (segments->around(address).empty()) return std::nullopt;
  const ElfW(Phdr)* const table = segments->find(PT_GNU_EH_FRAME);
  if (table == nullptr) return module;
  const Bytes bytes = segments->bytes(*table);
  module.segment = segments->around(reinterpret_cast<std::uintptr_t>(bytes.data()));
  const auto behind =
      static_cast<std::size_t>(module.segment.data() + module.segment.size() - bytes.data());
  if (!module.segment.empty()) module.search_table = bytes.first(std::min(bytes.size(), behind));
  return module;
}

std::optional<UnwindModule> find_unwind_module(std::uintptr_t address) {
  const FindObject find = find_object.load(std::memory_order_relaxed);
  std::uintptr_t image = 0;
  if (find != nullptr) {
    FoundObject found;
    if (find(reinterpret_cast<void*>(address), &found) != 0) return std::nullopt;
    image = reinterpret_cast<std::uintptr_t>(found.map_start);
  } else {
    image = modules.find(address);
  }
  if (image == 0) return std::nullopt;
  return read_unwind_module(image, address);
}

void choose_module_source(ModuleSource source) {
  FindObject find = nullptr;
  if (source == ModuleSource::Best) {
    void* const function = ::dlsym(RTLD_DEFAULT, "_dl_find_object");
    if (function == nullptr) platform::forget_loader_error();
    std::memcpy(&find, &function, sizeof find);
  }
  find_object.store(find, std::memory_order_relaxed);
}

void forget_modules(CodeRange range) {
  modules.forget(range);
}

}  // namespace pymemflow::interpose
