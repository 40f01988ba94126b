// Short records of calls that the inline code of the hooks does not handle: the site is new to this
// writer, the block is full, or another thread recorded last.

#include <cerrno>

#include "interpose/recording/recorder.h"
#include "pyframe/own_line.h"

namespace pymemflow::interpose {
namespace {

// Keeps the site for the next call with this key, if it is not 0. Returns the site, or kNoSite if
// it is new or needs a long record.
SiteId remember(Writer& writer, std::uint64_t key, std::uint64_t deaths, SiteId site) {
  const bool is_kept = site < recording.short_sites || writer.stack != nullptr;
  if (site == kNoSite || !is_kept) return kNoSite;
  if (key != 0) writer.known_sites[known_site_index(key)] = {key, deaths, site};
  return site;
}

}  // namespace

SiteId find_short_site(Writer& writer, const void* caller) {
  const pyframe::Interpreter& interpreter = recording.interpreter;
  const void* const state =
      pyframe::is_known(interpreter) ? pyframe::thread_state(interpreter, writer.thread) : nullptr;
  const std::uint64_t seen_key = pyframe::key_in(interpreter, state);
  if (const SiteId site = find_known_site(writer, seen_key)) return site;
  // Reads the count before the table, so that the death of a code object in between is noticed.
  const std::uint64_t deaths = recording.sites.deaths();
  pyframe::Position position;
  if (state == nullptr || !pyframe::position_in(interpreter, state, position)) {
    const SiteId site = recording.sites.find_caller(caller);
    return remember(writer, pyframe::caller_key(caller), deaths, site);
  }
  pyframe::take_own_line(interpreter, position);
  const SiteId site = recording.sites.find(position);
  const std::uint64_t key = pyframe::key_of(interpreter, position);
  // If a shim is the top frame, its key differs from that of the frame below it. Such a site is not
  // remembered.
  const bool is_key = key != 0 && key == seen_key && position.own_line == 0;
  return remember(writer, is_key ? key : 0, deaths, site);
}

__attribute__((noinline)) bool prepare_short(Writer& writer, std::uint64_t address,
                                             std::size_t words) {
  const std::uint64_t turn = recording.fork_sensitive->turn.load(std::memory_order_relaxed);
  if (writer_of(turn) == kNobody) return false;
  const int saved = errno;
  const bool is_ready = ensure_turn(writer, address) && make_room(writer, words) != nullptr;
  errno = saved;
  return is_ready;
}

namespace {

// Writes a short record with `write` if the site is in the table. Returns false if the call needs a
// long record.
template <typename Write>
bool record_short(const void* caller, std::uint64_t address, Write write) {
  Writer* const writer = recording.probes ? nullptr : begin_short_record();
  if (writer == nullptr) return false;
  const SiteId site = find_short_site(*writer, caller);
  bool is_written = write(*writer, site);
  if (!is_written && site != kNoSite && prepare_short(*writer, address, kMaxShortWords))
      [[unlikely]]
    is_written = write(*writer, site);
  end_record(*writer);
  return is_written;
}

}  // namespace

void* record_malloc_slowly(std::size_t size, void* result, const void* caller, Domain domain) {
  if (recording.max_stack != 0) return record_malloc_with_stack(size, result, caller, domain);
  const auto address = reinterpret_cast<std::uintptr_t>(result);
  const bool is_written = record_short(caller, address, [=](Writer& writer, SiteId site) {
    return write_malloc(writer, site, domain, size, address);
  });
  if (!is_written) record_call({in_domain(Function::malloc, domain), {size}, address, caller});
  return result;
}

void* record_calloc_slowly(std::size_t count, std::size_t size, void* result, const void* caller,
                           Domain domain) {
  if (recording.max_stack != 0)
    return record_calloc_with_stack(count, size, result, caller, domain);
  const auto address = reinterpret_cast<std::uintptr_t>(result);
  const bool is_written = record_short(caller, address, [=](Writer& writer, SiteId site) {
    return write_calloc(writer, site, domain, count, size, address);
  });
  if (!is_written)
    record_call({in_domain(Function::calloc, domain), {count, size}, address, caller});
  return result;
}

void record_free_slowly(const void* block, const void* caller, Domain domain) {
  if (recording.max_stack != 0) return record_free_with_stack(block, caller, domain);
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const bool is_written = record_short(caller, address, [=](Writer& writer, SiteId site) {
    return write_free(writer, site, domain, address);
  });
  if (!is_written) record_call({in_domain(Function::free, domain), {address}, 0, caller});
}

}  // namespace pymemflow::interpose
