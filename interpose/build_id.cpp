#include "interpose/build_id.h"

#include <elf.h>

#include <cstring>

#include "interpose/platform/platform.h"

namespace pymemflow::interpose {
namespace {

constexpr std::size_t kMaxSegments = 64;
constexpr std::uint64_t kMaxNoteBytes = 4096;
constexpr std::uint64_t kPage = 4096;

constexpr std::uint64_t padded(std::uint64_t bytes) {
  return (bytes + 3) & ~std::uint64_t{3};
}

std::size_t find_in_notes(std::uint64_t notes, std::uint64_t bytes,
                          std::span<unsigned char, kMaxBuildIdBytes> id) {
  while (bytes >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr note;
    char name[4];
    if (!platform::copy_memory(&note, notes, sizeof note)) return 0;
    const std::uint64_t name_start = notes + sizeof note;
    const std::uint64_t size = sizeof note + padded(note.n_namesz) + padded(note.n_descsz);
    if (size > bytes) return 0;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof name &&
        platform::copy_memory(name, name_start, sizeof name) &&
        std::memcmp(name, "GNU", sizeof name) == 0) {
      if (note.n_descsz == 0 || note.n_descsz > id.size()) return 0;
      return platform::copy_memory(id.data(), name_start + sizeof name, note.n_descsz)
                 ? note.n_descsz
                 : 0;
    }
    notes += size;
    bytes -= size;
  }
  return 0;
}

}  // namespace

std::size_t find_build_id(std::uint64_t image, std::span<unsigned char, kMaxBuildIdBytes> id) {
  Elf64_Ehdr head;
  Elf64_Phdr segments[kMaxSegments];
  if (!platform::copy_memory(&head, image, sizeof head)) return 0;
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_phentsize != sizeof segments[0]) {
    return 0;
  }
  const std::size_t count = head.e_phnum < kMaxSegments ? head.e_phnum : kMaxSegments;
  if (!platform::copy_memory(segments, image + head.e_phoff, count * sizeof segments[0])) return 0;
  std::uint64_t base = image;
  for (std::size_t i = 0; i < count; ++i) {
    if (segments[i].p_type == PT_LOAD && segments[i].p_offset < kPage) {
      base = image - (segments[i].p_vaddr - segments[i].p_offset);
      break;
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Elf64_Phdr& segment = segments[i];
    if (segment.p_type != PT_NOTE || segment.p_memsz > kMaxNoteBytes) continue;
    const std::size_t bytes = find_in_notes(base + segment.p_vaddr, segment.p_memsz, id);
    if (bytes != 0) return bytes;
  }
  return 0;
}

}  // namespace pymemflow::interpose
