#pragma once
// The origins of allocations, by number: a call stack, or an allocation site where the stack is not
// recorded. In a capture without stacks an origin has the number of its site. Report side, one
// thread.

#include <cstdint>

#include "capture/event.h"
#include "report/base/memory.h"
#include "report/reader/per_site.h"

namespace pymemflow::report {

using OriginId = std::uint32_t;

class Origins {
 public:
  explicit Origins(bool has_stacks) : has_stacks_(has_stacks) {}

  bool has_stacks() const { return has_stacks_; }

  // Of an event of a capture with stacks. Numbers are dense, from 1 on.
  OriginId of(const Event& event) {
    OriginId& origin = event.stack >= kFirstStack ? by_stack_[event.stack] : by_site_[event.site];
    if (origin == 0) {
      entries_.push_back({event.stack, event.site});
      origin = static_cast<OriginId>(entries_.size());
    }
    return origin;
  }

  SiteId site(OriginId origin) const {
    return has_stacks_ && origin != 0 ? entries_[origin - 1].site : origin;
  }
  // kNoStack: the site alone is known.
  StackId stack(OriginId origin) const {
    return has_stacks_ && origin != 0 ? entries_[origin - 1].stack : kNoStack;
  }

 private:
  struct Entry {
    StackId stack;
    SiteId site;
  };

  const bool has_stacks_;
  Vector<Entry> entries_;
  PerSite<OriginId> by_stack_;
  PerSite<OriginId> by_site_;
};

}  // namespace pymemflow::report
