#include "interpose/unwind/linux/module_list.h"

#include "platform/modules.h"

namespace pymemflow::interpose {
namespace {

// The longest line of the maps is cut to this size: a signal's stack may be small.
constexpr std::size_t kLineBytes = 1024;

}  // namespace

std::uintptr_t ModuleList::find_known(std::uintptr_t address) const {
  const std::size_t used = used_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < used; ++i) {
    const Module& module = modules_[i];
    const std::uint32_t version = module.version.load(std::memory_order_acquire);
    const std::uintptr_t start = module.start.load(std::memory_order_acquire);
    const std::uintptr_t end = module.end.load(std::memory_order_acquire);
    const std::uintptr_t image = module.image.load(std::memory_order_acquire);
    if (address < start || address >= end || version % 2 != 0) continue;
    if (module.version.load(std::memory_order_relaxed) == version) return image;
  }
  return 0;
}

std::uintptr_t ModuleList::find(std::uintptr_t address) {
  const std::uintptr_t known = find_known(address);
  if (known != 0) return known;
  struct Search {
    ModuleList* list;
    std::uintptr_t address;
    std::uintptr_t image;
  } search = {this, address, 0};
  char scratch[kLineBytes];
  platform::visit_modules(
      scratch,
      [](const platform::Mapping& mapping, void* context) {
        auto& wanted = *static_cast<Search*>(context);
        if (mapping.image == 0) return;
        if (wanted.list->find_known(mapping.start) == 0) {
          wanted.list->add(mapping.start, mapping.end, mapping.image);
        }
        if (wanted.address >= mapping.start && wanted.address < mapping.end) {
          wanted.image = mapping.image;
        }
      },
      &search);
  return search.image;
}

// False: another thread is writing it.
bool ModuleList::write(Module& module, std::uintptr_t start, std::uintptr_t end,
                       std::uintptr_t image) {
  std::uint32_t version = module.version.load(std::memory_order_relaxed);
  if (version % 2 != 0 ||
      !module.version.compare_exchange_strong(version, version + 1, std::memory_order_acquire)) {
    return false;
  }
  module.start.store(start, std::memory_order_release);
  module.end.store(end, std::memory_order_release);
  module.image.store(image, std::memory_order_release);
  module.version.store(version + 2, std::memory_order_release);
  return true;
}

// A module that does not fit is found in the maps each time.
void ModuleList::add(std::uintptr_t start, std::uintptr_t end, std::uintptr_t image) {
  for (std::size_t i = 0; i < kModules; ++i) {
    Module& module = modules_[i];
    if (module.end.load(std::memory_order_relaxed) != 0 || !write(module, start, end, image)) {
      continue;
    }
    std::size_t used = used_.load(std::memory_order_relaxed);
    while (used <= i && !used_.compare_exchange_weak(used, i + 1, std::memory_order_release)) {
    }
    return;
  }
}

void ModuleList::forget(CodeRange range) {
  const std::size_t used = used_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < used; ++i) {
    Module& module = modules_[i];
    if (module.start.load(std::memory_order_relaxed) < range.end &&
        module.end.load(std::memory_order_relaxed) > range.start) {
      write(module, 0, 0, 0);
    }
  }
}

}  // namespace pymemflow::interpose
