// Short records of calls in a recording with stacks. All events of the usual functions come here:
// the inline code of the hooks finds no writer that is Idle.

#include "interpose/recording/recorder.h"

namespace pymemflow::interpose {
namespace {

// As begin_short_record(). Null also in a forked child, which has no turn yet and nothing of its
// own: it must not define anything here.
PMF_AT_ONCE Writer* begin_record() {
  const std::uint64_t turn = recording.fork_sensitive->turn.load(std::memory_order_relaxed);
  if (writer_of(turn) == kNobody || writer_of(turn) == kClosed) return nullptr;
  return begin_short_record(WriterState::IdleWithStack);
}

// Writes a short record by write(index), with the index that use() returns. False: it needs a long
// one.
template <typename Use, typename Write>
PMF_AT_ONCE bool put(Writer& writer, std::uint64_t address, Use use, Write write) {
  constexpr std::size_t kWords = kUsedWords + kMaxShortWords;
  if (writer.position + kWords <= writer.end && write(use())) [[likely]]
    return true;
  // The block may be another one then, with a table of its own.
  return prepare_short(writer, address, kWords) && write(use());
}

template <typename Write>
PMF_AT_ONCE bool record_with_stack(const void* caller, std::uint64_t address, Write write) {
  Writer* const writer = begin_record();
  if (writer == nullptr) return false;
  const StackId stack = require_stack(*writer, caller);
  const bool is_written =
      stack != kNoStack && put(
                               *writer, address, [=] { return use_stack(*writer, stack); },
                               [=](std::uint32_t index) { return write(*writer, index); });
  end_any_record(*writer);
  return is_written;
}

}  // namespace

void* record_malloc_with_stack(std::size_t size, void* result, const void* caller) {
  const auto address = reinterpret_cast<std::uintptr_t>(result);
  const bool is_written =
      record_with_stack(caller, address, [=](Writer& writer, std::uint32_t index) {
        return write_malloc(writer, index, size, address);
      });
  if (!is_written) record_call({Function::malloc, {size}, address, caller});
  return result;
}

void* record_calloc_with_stack(std::size_t count, std::size_t size, void* result,
                               const void* caller) {
  const auto address = reinterpret_cast<std::uintptr_t>(result);
  const bool is_written =
      record_with_stack(caller, address, [=](Writer& writer, std::uint32_t index) {
        return write_calloc(writer, index, count, size, address);
      });
  if (!is_written) record_call({Function::calloc, {count, size}, address, caller});
  return result;
}

// The stack that frees a block is its top line alone.
void record_free_with_stack(const void* block, const void* caller) {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  Writer* const writer = begin_record();
  bool is_written = false;
  if (writer != nullptr) {
    SiteId site = find_site_at_once(*writer, caller);
    if (site == kNoSite) site = find_short_site(*writer, caller);
    is_written = site != kNoSite &&
                 put(
                     *writer, address, [=] { return use_site(*writer, site); },
                     [=](std::uint32_t index) { return write_free(*writer, index, address); });
    end_any_record(*writer);
  }
  if (!is_written) record_call({Function::free, {address}, 0, caller});
}

}  // namespace pymemflow::interpose
