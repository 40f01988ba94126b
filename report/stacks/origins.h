#pragma once
// The origins of allocations, by number: a call stack, or an allocation site where the stack is not
// recorded. In a capture without stacks an origin has the number of its site. A report by thread or
// type of call has an origin for each thread or function that was called from there. Report side,
// one thread.

#include <cstdint>

#include "capture/event.h"
#include "report/base/memory.h"
#include "report/reader/per_site.h"

namespace pymemflow::report {

using OriginId = std::uint32_t;

// A second thing by which origins may be told apart.
enum class OriginPart : std::uint8_t { None, Thread, Function };

class Origins {
 public:
  explicit Origins(bool has_stacks) : has_entries_(has_stacks) {}

  // Before the first event.
  void tell_apart_by(OriginPart part) {
    part_ = part;
    has_entries_ = has_entries_ || part != OriginPart::None;
  }

  // False: an origin has the number of its site, and of() is not called.
  bool has_entries() const { return has_entries_; }

  // Numbers are dense, from 1 on.
  OriginId of(const Event& event) {
    if (part_ != OriginPart::None) [[unlikely]]
      return of_part(event);
    OriginId& origin = event.stack >= kFirstStack ? by_stack_[event.stack] : by_site_[event.site];
    if (origin == 0) origin = add({event.stack, event.site, 0});
    return origin;
  }

  SiteId site(OriginId origin) const {
    return has_entries_ && origin != 0 ? entries_[origin - 1].site : origin;
  }
  // kNoStack: the site alone is known.
  StackId stack(OriginId origin) const {
    return has_entries_ && origin != 0 ? entries_[origin - 1].stack : kNoStack;
  }
  // The thread, or the Function plus 1; 0: origins are not told apart by it.
  std::uint32_t part(OriginId origin) const {
    return has_entries_ && origin != 0 ? entries_[origin - 1].part : 0;
  }

 private:
  struct Entry {
    StackId stack;
    SiteId site;
    std::uint32_t part;
  };

  OriginId add(const Entry& entry) {
    entries_.push_back(entry);
    return static_cast<OriginId>(entries_.size());
  }

  OriginId of_part(const Event& event) {
    const bool has_stack = event.stack >= kFirstStack;
    const std::uint32_t part =
        part_ == OriginPart::Thread ? event.thread : static_cast<std::uint32_t>(event.function) + 1;
    // Of the part, and of the stack or site.
    auto& by_part = has_stack ? by_stack_and_part_ : by_site_and_part_;
    const std::uint32_t place = has_stack ? event.stack : event.site;
    OriginId& origin = by_part[(std::uint64_t{part} << 32) | place];
    if (origin == 0) origin = add({event.stack, event.site, part});
    return origin;
  }

  bool has_entries_;
  OriginPart part_ = OriginPart::None;
  Vector<Entry> entries_;
  PerSite<OriginId> by_stack_;
  PerSite<OriginId> by_site_;
  HashMap<std::uint64_t, OriginId> by_stack_and_part_;
  HashMap<std::uint64_t, OriginId> by_site_and_part_;
};

}  // namespace pymemflow::report
