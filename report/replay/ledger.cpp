#include "report/replay/ledger.h"

#include <algorithm>

namespace pymemflow::report {
namespace {

// realloc(p, 0) takes the block back; a product that only wraps to 0 is a call that failed.
bool asks_for_nothing(const Event& event) {
  const std::string_view letters = traits(event.function).arguments;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const bool is_size = letters[i] == 's' || letters[i] == 'n';
    if (is_size && event.arguments[i] == 0) return true;
  }
  return false;
}

}  // namespace

void Holding::add(const Holding& other) {
  blocks += other.blocks;
  bytes += other.bytes;
  allocations += other.allocations;
  allocated_bytes += other.allocated_bytes;
  temporary += other.temporary;
  if (oldest == 0 || (other.oldest != 0 && other.oldest < oldest)) oldest = other.oldest;
}

bool Ledger::on_event(const Event& event) {
  ++events_;
  switch (traits(event.function).effect) {
    case Effect::Release:
      take_back(event.arguments[0]);
      return false;
    case Effect::Move:
      if (event.result != 0 || asks_for_nothing(event)) take_back(event.arguments[0]);
      break;
    case Effect::Allocate:
      break;
  }
  if (event.result == 0) return false;
  hand_out(event.result, event);
  if (peak_.event != 0 && total_.bytes <= peak_.bytes) return false;
  peak_ = {total_.bytes, total_.blocks, events_, event.site};
  return true;
}

void Ledger::hand_out(std::uint64_t address, const Event& event) {
  const Block block = {event.size_bytes(), events_, event.site, event.thread};
  const auto [place, is_new] = alive_.try_emplace(address, block);
  if (!is_new) {
    ++unseen_releases_;
    end(place->second);
    place->second = block;
  }
  latest_ = address;
  Holding& holding = holdings_[event.site];
  if (holding.allocations == 0) sites_.push_back(event.site);
  for (Holding* const each : {&holding, &total_}) {
    ++each->blocks;
    ++each->allocations;
    each->bytes += block.bytes;
    each->allocated_bytes += block.bytes;
  }
}

void Ledger::take_back(std::uint64_t address) {
  if (address == 0) return;
  const auto found = alive_.find(address);
  if (found == alive_.end()) {
    ++unknown_releases_;
    return;
  }
  const Block& block = found->second;
  end(block);
  if (address == latest_) {
    ++holdings_[block.site].temporary;
    ++total_.temporary;
    latest_ = 0;
  }
  alive_.erase(found);
}

void Ledger::end(const Block& block) {
  for (Holding* const each : {&holdings_[block.site], &total_}) {
    --each->blocks;
    each->bytes -= block.bytes;
  }
}

void Ledger::find_oldest() {
  for (const SiteId site : sites_) holdings_[site].oldest = 0;
  for (const auto& [address, block] : alive_) {
    std::uint64_t& oldest = holdings_[block.site].oldest;
    oldest = oldest == 0 ? block.event : std::min(oldest, block.event);
  }
}

}  // namespace pymemflow::report
