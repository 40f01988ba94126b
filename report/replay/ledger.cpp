#include "report/replay/ledger.h"

#include <algorithm>

namespace pymemflow::report {
namespace {

// Objects of at most this size come from Python's arenas.
constexpr std::uint64_t kMaxSmallObject = 512;

bool is_small_object(const Event& event, std::uint64_t bytes) {
  const Domain domain = domain_of(event.function);
  return (domain == Domain::Mem || domain == Domain::Obj) && bytes <= kMaxSmallObject;
}

}  // namespace

void Totals::add(const Totals& other) {
  live.add(other.live);
  allocated.add(other.allocated);
  temporary += other.temporary;
  const bool is_older = other.oldest_event != 0 && other.oldest_event < oldest_event;
  if (oldest_event == 0 || is_older) oldest_event = other.oldest_event;
}

bool Ledger::on_event(const Event& event, OriginId origin) {
  ++events_;
  switch (traits(event.function).effect) {
    case Effect::Release:
      release(event.arguments[0]);
      return false;
    case Effect::Move:
      if (releases_its_block(event)) release(event.arguments[0]);
      break;
    case Effect::Allocate:
      break;
  }
  if (event.result == 0) return false;
  allocate(event.result, event, origin);
  if (peak_.event != 0 && total_.live.bytes <= peak_.live.bytes) return false;
  peak_ = {total_.live, events_, origin};
  return true;
}

void Ledger::allocate(std::uint64_t address, const Event& event, OriginId origin) {
  Block block = {.bytes = event.size_bytes(), .event = events_, .origin = origin};
  block.thread = event.thread & 0x7fffffff;
  block.is_object = is_small_object(event, block.bytes) ? 1 : 0;
  Block before;
  if (live_.put(address, block, before)) {
    ++unseen_releases_;
    end(before);
  }
  if (block.is_object != 0) {
    objects_.add({block.bytes, 1});
    allocated_objects_.add({block.bytes, 1});
  }
  if (lives_ != nullptr) lives_->on_allocated(origin, block.bytes);
  latest_ = address;
  Totals& of_origin = totals_[origin];
  if (of_origin.allocated.blocks == 0) origins_.push_back(origin);
  for (Totals* const totals : {&of_origin, &total_}) {
    totals->live.add({block.bytes, 1});
    totals->allocated.add({block.bytes, 1});
  }
}

void Ledger::release(std::uint64_t address) {
  if (address == 0) return;
  Block block;
  if (!live_.take(address, block)) {
    ++unknown_releases_;
    return;
  }
  end(block);
  if (address == latest_) {
    ++totals_[block.origin].temporary;
    ++total_.temporary;
    latest_ = 0;
  }
}

void Ledger::end(const Block& block) {
  if (block.is_object != 0) objects_.subtract({block.bytes, 1});
  if (lives_ != nullptr) {
    lives_->on_released(block.origin, block.thread, block.event, block.bytes, events_);
  }
  totals_[block.origin].live.subtract({block.bytes, 1});
  total_.live.subtract({block.bytes, 1});
}

void Ledger::find_oldest() {
  for (const OriginId origin : origins_) totals_[origin].oldest_event = 0;
  live_.for_each([this](const Block& block) {
    std::uint64_t& oldest = totals_[block.origin].oldest_event;
    oldest = oldest == 0 ? block.event : std::min(oldest, block.event);
  });
}

void RangeStart::note(Ledger& ledger) {
  is_noted_ = true;
  event_ = ledger.events();
  all_.totals = ledger.total();
  for (const OriginId origin : ledger.origins()) then_[origin].totals = ledger.of(origin);
}

void RangeStart::settle(const Ledger& ledger) {
  ledger.blocks().for_each([this](const LiveBlock& block) {
    Then& then = then_[block.origin];
    if (has(block)) {
      std::uint64_t& oldest = then.oldest_event;
      oldest = oldest == 0 ? block.event : std::min(oldest, block.event);
    } else {
      then.left.add({block.bytes, 1});
      all_.left.add({block.bytes, 1});
    }
  });
}

RangeUse RangeStart::since(const Then& then, const Totals& now) {
  RangeUse use = {now, then.totals.live};
  use.totals.live.subtract(then.left);
  use.totals.allocated.subtract(then.totals.allocated);
  use.totals.temporary -= then.totals.temporary;
  use.totals.oldest_event = then.oldest_event;
  use.freed.subtract(then.left);
  return use;
}

RangeUse RangeStart::of(OriginId origin, const Totals& now) const {
  const auto found = then_.find(origin);
  return since(found == then_.end() ? Then() : found->second, now);
}

RangeUse RangeStart::of_all(const Totals& now) const {
  return since(all_, now);
}

}  // namespace pymemflow::report
