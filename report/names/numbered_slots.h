#pragma once
// Slots by number, for numbers that lie close together but may begin anywhere: a forked child
// continues with its parent's numbers. The numbers come from a file that may be damaged. A number
// that lies farther from the others than it can in an undamaged file gets no slot, so memory is
// bounded by the size of the file. Report side, one thread.

#include <algorithm>
#include <cstdint>

#include "report/base/memory.h"

namespace pymemflow::report {

template <class Slot>
class NumberedSlots {
 public:
  // Null: no slot was made. Valid until the next put().
  const Slot* find(std::uint32_t number) const {
    const std::uint32_t index = number - first_;
    return index < slots_.size() ? &slots_[index] : nullptr;
  }

  // Makes the slot of the number if there is none. Null: the number is too far from the others, of
  // which there are at most `most`.
  Slot* put(std::uint32_t number, std::uint64_t most) {
    if (slots_.empty()) first_ = number;
    if (number < first_ && !begin_at(number, most)) return nullptr;
    const std::uint64_t index = number - first_;
    if (index > 2 * most + 1) return nullptr;
    if (index >= slots_.size()) {
      slots_.resize(std::max<std::size_t>(index + 1, slots_.size() * 2));
    }
    return &slots_[index];
  }

 private:
  // Doubles the slots as well, so that falling numbers cost no more than rising ones.
  bool begin_at(std::uint32_t number, std::uint64_t most) {
    const std::uint64_t missing = first_ - number;
    if (missing + slots_.size() > 2 * (most + 1)) return false;
    const std::uint64_t added =
        std::min<std::uint64_t>(std::max<std::uint64_t>(missing, slots_.size()), first_);
    Vector<Slot> slots(added + slots_.size());
    std::move(slots_.begin(), slots_.end(), slots.begin() + static_cast<std::ptrdiff_t>(added));
    slots_ = std::move(slots);
    first_ -= static_cast<std::uint32_t>(added);
    return true;
  }

  std::uint32_t first_ = 0;
  Vector<Slot> slots_;
};

}  // namespace pymemflow::report
