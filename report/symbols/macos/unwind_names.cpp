// Names functions of this process that are in no file: the system's libraries are in the cache of
// dyld. dladdr() returns the nearest name before the address. That name is used only if, by the
// image's own list of functions, the function that holds the address begins there.

#include "report/symbols/unwind_names.h"

#include <dlfcn.h>
#include <mach-o/loader.h>

#include <cstring>

namespace pymemflow::report {
namespace {

// Returns the start of the function that holds the address; 0 if the image does not list it.
std::uint64_t start_of_function(const mach_header_64& header, std::uint64_t address) {
  const char* at = reinterpret_cast<const char*>(&header + 1);
  const linkedit_data_command* starts = nullptr;
  const segment_command_64* link_edit = nullptr;
  const auto base = reinterpret_cast<std::uint64_t>(&header);
  std::uint64_t text = base;
  for (std::uint32_t i = 0; i < header.ncmds; ++i) {
    const auto* const command = reinterpret_cast<const load_command*>(at);
    if (command->cmd == LC_FUNCTION_STARTS) {
      starts = reinterpret_cast<const linkedit_data_command*>(command);
    } else if (command->cmd == LC_SEGMENT_64) {
      const auto* const segment = reinterpret_cast<const segment_command_64*>(command);
      if (std::strcmp(segment->segname, SEG_LINKEDIT) == 0) link_edit = segment;
      if (std::strcmp(segment->segname, SEG_TEXT) == 0) text = segment->vmaddr;
    }
    at += command->cmdsize;
  }
  if (starts == nullptr || link_edit == nullptr) return 0;
  const std::uint64_t slide = base - text;
  const auto* byte = reinterpret_cast<const std::uint8_t*>(link_edit->vmaddr + slide +
                                                           starts->dataoff - link_edit->fileoff);
  const std::uint8_t* const end = byte + starts->datasize;
  std::uint64_t function = base;
  std::uint64_t found = 0;
  while (byte < end) {
    std::uint64_t distance = 0;
    unsigned shift = 0;
    do {
      if (shift < 63) distance |= std::uint64_t{*byte & 0x7fU} << shift;
      shift += 7;
    } while ((*byte++ & 0x80) != 0 && byte < end);
    if (distance == 0) break;
    function += distance;
    if (function > address) return found;
    found = function;
  }
  return found;
}

}  // namespace

std::string_view UnwindNames::name(std::uint64_t address) {
  Dl_info facts{};
  if (::dladdr(reinterpret_cast<const void*>(address), &facts) == 0) return {};
  if (facts.dli_fbase == nullptr || facts.dli_sname == nullptr) return {};
  const auto& header = *static_cast<const mach_header_64*>(facts.dli_fbase);
  if (header.magic != MH_MAGIC_64) return {};
  const std::uint64_t start = start_of_function(header, address);
  if (start == 0 || start != reinterpret_cast<std::uint64_t>(facts.dli_saddr)) return {};
  const auto [known, is_new] = names_.try_emplace(start);
  if (is_new) known->second = facts.dli_sname;
  return known->second;
}

bool UnwindNames::is_shared(std::uint64_t image, std::string_view build_id) {
  Dl_info facts{};
  const auto* const start = reinterpret_cast<const void*>(image);
  if (::dladdr(start, &facts) == 0 || facts.dli_fbase != start) return false;
  const auto& header = *static_cast<const mach_header_64*>(start);
  if (header.magic != MH_MAGIC_64) return false;
  const char* at = reinterpret_cast<const char*>(&header + 1);
  for (std::uint32_t i = 0; i < header.ncmds; ++i) {
    const auto* const command = reinterpret_cast<const load_command*>(at);
    if (command->cmd == LC_UUID) {
      const auto* const id = reinterpret_cast<const uuid_command*>(command);
      return build_id == std::string_view(reinterpret_cast<const char*>(id->uuid), sizeof id->uuid);
    }
    at += command->cmdsize;
  }
  return false;
}

}  // namespace pymemflow::report
