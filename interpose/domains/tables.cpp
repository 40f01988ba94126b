#include "interpose/domains/tables.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <utility>

#include "interpose/recording/own_work.h"
#include "interpose/recording/recorder.h"
#include "platform/here.h"
#include "platform/threads.h"

namespace pymemflow::interpose {
namespace {

using pyframe::AllocatorTable;

// The allocators that one domain may have in turn. A wrapper belongs to one of them for good: the
// interpreter may still have the wrapper of an earlier one in a copy of the table.
constexpr std::size_t kLayers = 4;

struct Layer {
  AllocatorTable below;
  bool is_used;
};
constinit Layer layers[kDomains][kLayers] = {};

constinit unsigned wrapped = 0;  // domains
constinit bool is_first_look_over = false;
constinit unsigned replaced = 0;  // wrapped domains whose tables lead to no wrapper
// The next code object that dies in a running interpreter is the first one in its life.
constinit std::atomic<bool> is_new_life{true};

// While a table is asked whether its calls come to a wrapper: the thread that asks, and the answer.
struct Question {
  std::atomic<std::uint64_t> thread;
  bool is_reached;
};
constinit Question questions[kDomains] = {};

// Answers the question, if there is one. Called where a call is not recorded.
PMF_AT_ONCE void answer(Domain domain) {
  Question& question = questions[static_cast<std::size_t>(domain) - 1];
  const std::uint64_t thread = question.thread.load(std::memory_order_relaxed);
  if (thread != 0 && thread == platform::thread_self()) [[unlikely]]
    question.is_reached = true;
}

// The first call on this thread, or in a forked child.
__attribute__((noinline)) Writer* require_writer() {
  require_own_recording();
  return require_own_writer();
}

// Returns the writer of this thread if the call is an event. The wrappers ignore their context: a
// thread without the GIL may have read it from another table than the function.
PMF_AT_ONCE Writer* writer_of_call() {
  if (!is_recording()) return nullptr;
  Writer* writer = this_writer();
  const std::uint64_t turn = recording.fork_sensitive->turn.load(std::memory_order_relaxed);
  if (writer == nullptr) [[unlikely]] {
    writer = require_writer();
    if (writer == nullptr) return nullptr;
  }
  if (!is_idle(writer->state.load(std::memory_order_relaxed))) return nullptr;
  return writer_of(turn) == kNobody ? require_writer() : writer;
}

PMF_AT_ONCE void begin_call(Writer& writer) {
  writer.state.store(WriterState::InDomain, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

template <Domain kDomain, std::size_t kLayer>
struct Wrapper {
  static const AllocatorTable& below() {
    return layers[static_cast<std::size_t>(kDomain) - 1][kLayer].below;
  }

  static void* malloc(void*, std::size_t size) {
    Writer* const writer = writer_of_call();
    if (writer == nullptr) {
      answer(kDomain);
      return below().malloc(below().context, size);
    }
    begin_call(*writer);
    void* const block = below().malloc(below().context, size);
    end_any_record(*writer);
    return record_malloc(size, block, PMF_CALLER, kDomain);
  }

  static void* calloc(void*, std::size_t count, std::size_t size) {
    Writer* const writer = writer_of_call();
    if (writer == nullptr) return below().calloc(below().context, count, size);
    begin_call(*writer);
    void* const block = below().calloc(below().context, count, size);
    end_any_record(*writer);
    return record_calloc(count, size, block, PMF_CALLER, kDomain);
  }

  static void* realloc(void*, void* block, std::size_t size) {
    if (writer_of_call() == nullptr) return below().realloc(below().context, block, size);
    MoveRecord record(in_domain(Function::realloc, kDomain), block, PMF_CALLER);
    void* const moved = below().realloc(below().context, block, size);
    record.finish({number(block), size}, moved);
    return moved;
  }

  static void free(void*, void* block) {
    Writer* const writer = writer_of_call();
    if (writer == nullptr) return below().free(below().context, block);
    record_free(block, PMF_CALLER, kDomain);
    begin_call(*writer);
    below().free(below().context, block);
    end_any_record(*writer);
  }

  // With the context of the allocator below, so that a thread that reads the table while it is
  // changed has the right one for either function.
  static AllocatorTable table(void* context) { return {context, malloc, calloc, realloc, free}; }
};

using MakeTable = AllocatorTable (*)(void* context);

template <Domain kDomain, std::size_t... kLayer>
constexpr std::array<MakeTable, kLayers> wrappers(std::index_sequence<kLayer...>) {
  return {Wrapper<kDomain, kLayer>::table...};
}
constexpr auto kEach = std::make_index_sequence<kLayers>();
constexpr std::array<MakeTable, kLayers> kWrappers[kDomains] = {
    wrappers<Domain::Raw>(kEach), wrappers<Domain::Mem>(kEach), wrappers<Domain::Obj>(kEach)};

bool is_wrapper(std::size_t domain, const AllocatorTable& table) {
  for (const MakeTable make : kWrappers[domain]) {
    if (make(table.context) == table) return true;
  }
  return false;
}

// Returns the layer of that allocator, or one that is free; kLayers: there is none.
std::size_t layer_over(std::size_t domain, const AllocatorTable& below) {
  std::size_t layer = 0;
  for (; layer < kLayers && layers[domain][layer].is_used; ++layer) {
    if (layers[domain][layer].below == below) break;
  }
  return layer;
}

// Whether the calls of a foreign table come to a wrapper in the end: somebody has
// put a wrapper of their own in front of it. Wrapping that one again could make a circle: its owner
// may do the same. There is no other way to find out than a call.
bool reaches_wrapper(std::size_t domain, const AllocatorTable& table) {
  if (is_recording()) require_own_writer();
  const OwnWork no_events;
  Question& question = questions[domain];
  question.is_reached = false;
  question.thread.store(platform::thread_self(), std::memory_order_relaxed);
  void* const block = table.malloc(table.context, 1);
  question.thread.store(0, std::memory_order_relaxed);
  table.free(table.context, block);
  return question.is_reached;
}

// The table of a domain that is not a wrapper, and leads to none.
bool is_foreign(const pyframe::AllocatorTables& tables, std::size_t domain, AllocatorTable& now) {
  tables.get(static_cast<int>(domain), &now);
  return !is_wrapper(domain, now) && !(is_first_look_over && reaches_wrapper(domain, now));
}

void wrap(const pyframe::AllocatorTables& tables, std::size_t domain) {
  AllocatorTable now{};
  if (!is_foreign(tables, domain, now)) return;
  const std::size_t layer = layer_over(domain, now);
  if (layer == kLayers) {
    replaced |= 1U << domain;
    return;
  }
  layers[domain][layer].below = now;
  // A thread that finds the wrapper in the table below must find the allocator that it calls: the
  // exchange keeps the two writes in this order.
  std::atomic_ref(layers[domain][layer].is_used).exchange(true);
  const AllocatorTable table = kWrappers[domain][layer](now.context);
  tables.set(static_cast<int>(domain), &table);
}

void wrap_all(const pyframe::AllocatorTables& tables) {
  for (std::size_t domain = 0; domain < kDomains; ++domain) {
    if ((wrapped >> domain & 1) != 0) wrap(tables, domain);
  }
}

void note_replaced(const pyframe::AllocatorTables& tables) {
  for (std::size_t domain = 0; domain < kDomains; ++domain) {
    AllocatorTable now{};
    if ((wrapped >> domain & 1) != 0 && is_foreign(tables, domain, now)) replaced |= 1U << domain;
  }
}

}  // namespace

unsigned replaced_tables() {
  return replaced;
}

bool wrap_tables(const pyframe::Interpreter& interpreter, unsigned domains) {
  if (interpreter.allocator_tables.get == nullptr) return false;
  wrapped = domains;
  wrap_all(interpreter.allocator_tables);
  is_first_look_over = true;
  return true;
}

void look_at_tables(const pyframe::Interpreter& interpreter) {
  if (wrapped == 0 || interpreter.is_finalizing == nullptr) return;
  if (interpreter.is_finalizing() != 0) {
    if (!is_new_life.exchange(true)) note_replaced(interpreter.allocator_tables);
  } else if (is_new_life.exchange(false, std::memory_order_relaxed)) {
    wrap_all(interpreter.allocator_tables);
  }
}

}  // namespace pymemflow::interpose
