// The files that are mapped into this process, on Linux: /proc/self/maps, and the notes of ELF
// files.

#include "platform/modules.h"

#include <elf.h>
#include <fcntl.h>

#include <cstring>

#include "platform/linux/system_call.h"
#include "platform/memory.h"

namespace pymemflow::platform {
namespace {

// One line of /proc/self/maps: "start-end rwxp offset device inode   path". parse() returns false
// if the line does not name a file.
struct MapsLine {
  Mapping mapping;
  bool is_executable;
  std::uint64_t inode;

  bool parse(const char* line, std::size_t bytes) {
    const char* cursor = line;
    const char* const end = line + bytes;
    const auto number = [&](std::uint64_t& value, unsigned base) {
      for (value = 0; cursor < end; ++cursor) {
        const auto c = static_cast<unsigned char>(*cursor);
        const unsigned digit = c >= 'a' ? c - 'a' + 10U : c - '0' + 0U;
        if (digit >= base) break;
        value = value * base + digit;
      }
    };
    number(mapping.start, 16);
    ++cursor;
    number(mapping.end, 16);
    if (end - cursor < 6) return false;
    is_executable = cursor[3] == 'x';
    cursor += 6;
    number(mapping.offset, 16);
    const void* blank = std::memchr(cursor + 1, ' ', static_cast<std::size_t>(end - cursor - 1));
    const void* slash = std::memchr(cursor, '/', static_cast<std::size_t>(end - cursor));
    if (blank == nullptr || slash == nullptr) return false;
    cursor = static_cast<const char*>(blank) + 1;
    number(inode, 10);
    mapping.path = static_cast<const char*>(slash);
    mapping.path_bytes = static_cast<std::size_t>(end - mapping.path);
    return true;
  }
};

constexpr std::size_t kMaxSegments = 64;
constexpr std::uint64_t kMaxNoteBytes = 4096;
constexpr std::uint64_t kPage = 4096;

constexpr std::uint64_t padded(std::uint64_t bytes) {
  return (bytes + 3) & ~std::uint64_t{3};
}

std::size_t find_in_notes(std::uint64_t notes, std::uint64_t bytes, std::span<unsigned char> id) {
  while (bytes >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr note;
    char name[4];
    if (!copy_memory(&note, notes, sizeof note)) return 0;
    const std::uint64_t name_start = notes + sizeof note;
    const std::uint64_t size = sizeof note + padded(note.n_namesz) + padded(note.n_descsz);
    if (size > bytes) return 0;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof name &&
        copy_memory(name, name_start, sizeof name) && std::memcmp(name, "GNU", sizeof name) == 0) {
      if (note.n_descsz == 0 || note.n_descsz > id.size()) return 0;
      return copy_memory(id.data(), name_start + sizeof name, note.n_descsz) ? note.n_descsz : 0;
    }
    notes += size;
    bytes -= size;
  }
  return 0;
}

}  // namespace

// Of this thread, since /proc/self is empty once the first thread has ended.
void visit_modules(std::span<char> scratch, void (*visit)(const Mapping&, void*), void* context) {
  const long file =
      system_call(SYS_openat, AT_FDCWD, "/proc/thread-self/maps", O_RDONLY | O_CLOEXEC, 0);
  if (failed(file)) return;
  char* const buffer = scratch.data();
  std::size_t held = 0;
  std::uint64_t image = 0;
  std::uint64_t image_inode = 0;
  for (;;) {
    const long got = system_call(SYS_read, file, buffer + held, scratch.size() - held);
    if (got == -EINTR) continue;
    if (got <= 0) break;
    held += static_cast<std::size_t>(got);
    const char* line = buffer;
    const char* const end = buffer + held;
    while (const void* newline = std::memchr(line, '\n', static_cast<std::size_t>(end - line))) {
      const char* const line_end = static_cast<const char*>(newline);
      MapsLine parsed{};
      if (parsed.parse(line, static_cast<std::size_t>(line_end - line))) {
        if (parsed.mapping.offset == 0) {
          image = parsed.mapping.start;
          image_inode = parsed.inode;
        }
        if (parsed.inode == image_inode) parsed.mapping.image = image;
        if (parsed.is_executable) visit(parsed.mapping, context);
      }
      line = line_end + 1;
    }
    held = static_cast<std::size_t>(end - line);
    if (held == scratch.size()) held = 0;  // a line cannot be that long: skip it
    std::memmove(buffer, line, held);
  }
  system_call(SYS_close, file);
}

std::size_t find_build_id(std::uint64_t image, std::span<unsigned char> id) {
  Elf64_Ehdr head;
  Elf64_Phdr segments[kMaxSegments];
  if (!copy_memory(&head, image, sizeof head)) return 0;
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_phentsize != sizeof segments[0]) {
    return 0;
  }
  const std::size_t count = head.e_phnum < kMaxSegments ? head.e_phnum : kMaxSegments;
  if (!copy_memory(segments, image + head.e_phoff, count * sizeof segments[0])) return 0;
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

}  // namespace pymemflow::platform
