#include "report/blocks/block_events.h"

namespace pymemflow::report {

BlockEvents::BlockEvents(const NameTable& names, Symbols& symbols, bool has_stacks, BlockSink& sink)
    : origins_(has_stacks), stack_names_(names, origins_, symbols), sink_(sink) {}

void BlockEvents::on_events(const EventBatch& batch) {
  for (std::size_t i = 0; i < batch.size; ++i) {
    const Event& event = batch.events[i];
    if (event.kind == EventKind::Call) {
      ++calls_;
      take(event);
    } else if (event.kind == EventKind::Memory && is_in_range_) {
      sink_.on_memory(event);
    }
  }
}

void BlockEvents::take(const Event& call) {
  const Effect effect = traits(call.function).effect;
  // The filter numbers the calls, so it is asked for each.
  const bool is_taken =
      effect == Effect::Release || filter_ == nullptr || filter_->takes_call(call, calls_);
  if (!is_in_range_) return;
  if (effect == Effect::Release || releases_its_block(call)) release(call);
  if (effect == Effect::Release || call.result == 0 || !is_taken) return;
  const OriginId origin = origin_of(call);
  const std::uint64_t note = sink_.on_allocated(call, origin);
  LiveBlock before;
  const LiveBlock block = {.bytes = call.size_bytes(), .event = note, .origin = origin};
  if (live_.put(call.result, block, before)) {
    sink_.on_released(call, {call.result, before.bytes, before.origin, before.event});
  }
}

void BlockEvents::release(const Event& call) {
  const std::uint64_t address = call.arguments[0];
  LiveBlock block;
  if (address == 0 || !live_.take(address, block)) return;
  sink_.on_released(call, {address, block.bytes, block.origin, block.event});
}

}  // namespace pymemflow::report
