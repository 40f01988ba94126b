// macOS: the map of the process is not read, and what the library has mapped is not noted.

#include "platform/process_map.h"

#include <cerrno>

#include "platform/own_ranges.h"

namespace pymemflow::platform {

int ProcessMap::open() {
  return ENOSYS;
}

void ProcessMap::close() {}

int ProcessMap::visit(VisitArea, void*) {
  return ENOSYS;
}

std::size_t ProcessMap::pages(const MappedArea&, std::uint64_t, std::span<std::uint64_t>) {
  return 0;
}

std::uint64_t ProcessMap::peak_bytes() const {
  return 0;
}

void visit_own_ranges(VisitOwnRange, void*) {}

}  // namespace pymemflow::platform
