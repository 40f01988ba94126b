#pragma once
// A table with one value per site, found by the site's number in two loads. Report side, one
// thread.
//
// The table is made of pages: numbers need not be dense, and values do not move. A wild number in a
// damaged capture costs one page and at most 8 MiB of pointers.

#include <cstddef>
#include <memory>
#include <new>

#include "capture/event.h"
#include "report/base/memory.h"

namespace pymemflow::report {

template <class Value>
class PerSite {
 public:
  PerSite() = default;
  PerSite(const PerSite&) = delete;
  PerSite& operator=(const PerSite&) = delete;
  ~PerSite() { clear(); }

  // Every value is Value() again; references to values are not valid any more.
  void clear() {
    for (Page* page : pages_) {
      if (page == nullptr) continue;
      page->~Page();
      release(page, sizeof(Page));
    }
    pages_.clear();
  }

  // A new value is Value().
  Value& operator[](SiteId site) {
    const std::size_t number = site / kPageSites;
    if (number >= pages_.size() || pages_[number] == nullptr) make_page(number);
    return pages_[number]->values[site % kPageSites];
  }

 private:
  static constexpr std::size_t kPageSites = 4096;
  struct Page {
    Value values[kPageSites] = {};
  };

  void make_page(std::size_t number) {
    if (number >= pages_.size()) pages_.resize(number + 1);
    pages_[number] = new (allocate(sizeof(Page))) Page();
  }

  Vector<Page*> pages_;
};

}  // namespace pymemflow::report
