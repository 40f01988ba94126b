#pragma once
// stable_sort() for containers on the report's heap. std::stable_sort() would take its buffer from
// the heap of the host, and make the macOS library export operator new. Report side, any thread.

#include <algorithm>
#include <cstddef>
#include <utility>

#include "report/base/memory.h"

namespace pymemflow::report {

// Sorts like std::stable_sort(): values of which neither comes first keep their order.
template <class T, class ComesFirst>
void stable_sort(Vector<T>& values, ComesFirst comes_first) {
  Vector<std::size_t> order(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (comes_first(values[a], values[b])) return true;
    return a < b && !comes_first(values[b], values[a]);
  });
  Vector<T> sorted;
  sorted.reserve(values.size());
  for (const std::size_t i : order) sorted.push_back(std::move(values[i]));
  values = std::move(sorted);
}

}  // namespace pymemflow::report
