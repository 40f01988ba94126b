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

// `known`: the registers of the caller, for native frames; null: they are not recorded.
template <typename Write>
PMF_AT_ONCE bool record_with_stack(const void* caller, const Registers* known,
                                   std::uint64_t address, Write write) {
  Writer* const writer = begin_record();
  if (writer == nullptr) return false;
  const StackId stack = known == nullptr ? require_stack(*writer, caller)
                                         : require_native_stack(*writer, caller, known);
  const bool is_written =
      stack != kNoStack && put(
                               *writer, address, [=] { return use_stack(*writer, stack); },
                               [=](std::uint32_t index) { return write(*writer, index); });
  end_any_record(*writer);
  return is_written;
}

PMF_AT_ONCE void* record_one_malloc(std::size_t size, void* result, const void* caller,
                                    const Registers* known, Domain domain) {
  const auto address = reinterpret_cast<std::uintptr_t>(result);
  const bool is_written =
      record_with_stack(caller, known, address, [=](Writer& writer, std::uint32_t index) {
        return write_malloc(writer, index, domain, size, address);
      });
  if (!is_written) record_call({in_domain(Function::malloc, domain), {size}, address, caller});
  return result;
}

PMF_AT_ONCE void* record_one_calloc(std::size_t count, std::size_t size, void* result,
                                    const void* caller, const Registers* known, Domain domain) {
  const auto address = reinterpret_cast<std::uintptr_t>(result);
  const bool is_written =
      record_with_stack(caller, known, address, [=](Writer& writer, std::uint32_t index) {
        return write_calloc(writer, index, domain, count, size, address);
      });
  if (!is_written)
    record_call({in_domain(Function::calloc, domain), {count, size}, address, caller});
  return result;
}

// Hooks reach these functions by tail calls, so they return to the caller of the hook, whose
// registers are at hand. Where they do not, the frames of this library are walked as well.
__attribute__((noinline)) void* record_malloc_with_native_stack(std::size_t size, void* result,
                                                                const void* caller, Domain domain) {
  const Registers there = registers_of_caller();
  return record_one_malloc(size, result, caller, &there, domain);
}

__attribute__((noinline)) void* record_calloc_with_native_stack(std::size_t count, std::size_t size,
                                                                void* result, const void* caller,
                                                                Domain domain) {
  const Registers there = registers_of_caller();
  return record_one_calloc(count, size, result, caller, &there, domain);
}

}  // namespace

void* record_malloc_with_stack(std::size_t size, void* result, const void* caller, Domain domain) {
  if (recording.has_native_frames)
    return record_malloc_with_native_stack(size, result, caller, domain);
  return record_one_malloc(size, result, caller, nullptr, domain);
}

void* record_calloc_with_stack(std::size_t count, std::size_t size, void* result,
                               const void* caller, Domain domain) {
  if (recording.has_native_frames) {
    return record_calloc_with_native_stack(count, size, result, caller, domain);
  }
  return record_one_calloc(count, size, result, caller, nullptr, domain);
}

// The stack that frees a block is its top line alone.
void record_free_with_stack(const void* block, const void* caller, Domain domain) {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  Writer* const writer = begin_record();
  bool is_written = false;
  if (writer != nullptr) {
    SiteId site = find_site_at_once(*writer, caller);
    if (site == kNoSite) site = find_short_site(*writer, caller);
    is_written = site != kNoSite && put(
                                        *writer, address, [=] { return use_site(*writer, site); },
                                        [=](std::uint32_t index) {
                                          return write_free(*writer, index, domain, address);
                                        });
    end_any_record(*writer);
  }
  if (!is_written) record_call({in_domain(Function::free, domain), {address}, 0, caller});
}

}  // namespace pymemflow::interpose
