#include "interpose/recording/mappings/mapping_records.h"

#include <cstddef>
#include <initializer_list>

#include "interpose/recording/recorder.h"
#include "platform/errno_keeper.h"
#include "platform/memory.h"

namespace pymemflow::interpose {
namespace {

// A return address this far behind the entry of the interpreter's allocator of arenas is inside of
// it: the function has a call of mmap() and little else.
constexpr std::uintptr_t kArenaAllocatorBytes = 512;

bool is_arena_allocator(const void* caller) {
  const void* const entry = recording.interpreter.arena_allocator;
  return entry != nullptr && number(caller) - number(entry) < kArenaAllocatorBytes;
}

// The kernel maps and releases whole pages. A size that is too large for that stays as it is: its
// call fails.
std::uint64_t whole_pages(std::size_t bytes) {
  const std::size_t page = platform::page_bytes();
  const std::size_t rounded = (bytes + page - 1) & ~(page - 1);
  return rounded < bytes ? bytes : rounded;
}

bool write(Writer& writer, Mapping mapping, std::initializer_list<std::uint64_t> values,
           const void* caller) {
  const bool hands_out = mapping.step != MappingStep::Releasing;
  const CallSite site =
      require_call_site(writer, hands_out ? Effect::Allocate : Effect::Release, caller);
  mapping.caller = require_caller_site(writer, caller);
  if (!site.is_known() || mapping.caller == kNoSite || take_cut(writer) == 0 ||
      !make_room_for_use(writer, site, kMaxMappingWords)) {
    return false;
  }
  const std::uint32_t index = use_in_block(writer, site);
  const std::size_t words = 2 + values.size();
  Word* record = make_room(writer, words);
  if (record == nullptr) return false;
  *++record = mapping_word(mapping);
  for (const std::uint64_t value : values) *++record = value;
  commit(writer, mapping_head(mapping.step, index), words);
  return true;
}

bool record(const Mapping& mapping, std::initializer_list<std::uint64_t> values,
            const void* caller) {
  // Sums have no place for ranges.
  if (!recording.settings.has_mappings || recording.destination.mode == RecordMode::Sums) {
    return false;
  }
  const platform::ErrnoKeeper keeper;
  const Entry entry = enter(Entering::Mapping);
  if (entry.is_lost) count_lost(nullptr);
  if (entry.writer == nullptr) return false;
  const bool is_recorded = write(*entry.writer, mapping, values, caller);
  if (!is_recorded) count_lost(entry.writer);
  leave(entry);
  return is_recorded;
}

}  // namespace

void record_mapped(MappingFunction function, unsigned traits, std::size_t bytes, const void* result,
                   const void* caller) {
  if (!is_recording()) return;
  if (is_arena_allocator(caller)) traits |= kMapsArena;
  record({function, MappingStep::Mapped, static_cast<std::uint16_t>(traits)},
         {whole_pages(bytes), number(result)}, caller);
}

ReleasedRange::ReleasedRange(MappingFunction function, const void* address, std::size_t bytes,
                             const void* caller)
    : function_(function), address_(address), bytes_(bytes), caller_(caller) {
  if (!is_recording()) return;
  is_recorded_ =
      record({function, MappingStep::Releasing}, {number(address), whole_pages(bytes)}, caller);
}

void ReleasedRange::fail() const {
  if (!is_recorded_) return;
  record({function_, MappingStep::Failed}, {number(address_), whole_pages(bytes_)}, caller_);
}

void ReleasedRange::move(std::size_t new_bytes, const void* result, bool is_copied) const {
  if (!is_recorded_) return;
  const MappingStep step = is_copied ? MappingStep::Copied : MappingStep::Moved;
  record({function_, step},
         {number(address_), whole_pages(bytes_), whole_pages(new_bytes), number(result)}, caller_);
}

}  // namespace pymemflow::interpose
