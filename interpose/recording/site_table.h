#pragma once
// Finds the SiteId of a position in Python code or of a C caller. Lookups take no lock and never
// wait; after reading the frame they are the hottest code. A new site is first described in the
// definitions of the thread that saw it, so that no event can refer to it earlier, and then entered
// for all threads.
//
// One thread at a time enters sites. A thread that finds another one entering does not wait: it
// describes the site under a number of its own and does not enter it.
//
// forget() is called for each code object that dies, so that a later one at its address is a new
// one. Numbers are never used again.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "capture/event.h"
#include "interpose/recording/blocks/definition_stream.h"
#include "pyframe/code.h"
#include "pyframe/frame.h"

namespace pymemflow::interpose {

// A code object and its sites, or one line of a code object that has no line table
// (pyframe/own_line.h). `code` is set last and read first: it is the value of code_key(), and null
// once the code object has died.
struct CodeNode {
  std::atomic<const void*> code;
  CodeNode* next_free;
  std::uint32_t number;
  std::uint32_t units;     // of the bytecode, and one for "before the first"
  std::uint32_t capacity;  // of `sites`
  std::atomic<SiteId> sites[1];
};

template <typename Slot>
struct HashIndex {
  std::size_t mask;
  std::size_t taken;
  Slot slots[1];
};

struct CallerSlot {
  std::atomic<const void*> address;
  std::atomic<SiteId> site;
};

class SiteTable {
 public:
  // Return the number of a Python site or of a C caller, or kNoSite if it is new.
  SiteId find(const pyframe::Position& position) const;
  SiteId find_caller(const void* address) const;

  // Describes a site that was not found, in the caller's own stream. kNoSite: the object is not a
  // code object, or nothing more can be recorded.
  SiteId define(DefinitionStream& stream, const pyframe::Interpreter& interpreter,
                const pyframe::Position& position);
  SiteId define_caller(DefinitionStream& stream, const void* address);

  // The code object is about to be freed. Any thread.
  void forget(const void* code);
  // The number of code objects with sites that have died. A site that was remembered outside this
  // table is valid only while the number stays the same.
  std::uint64_t deaths() const { return deaths_.load(std::memory_order_relaxed); }
  void forget_remembered() { deaths_.fetch_add(1, std::memory_order_relaxed); }

  // Code in this range is no longer mapped: what is called there from now on has other sites. Any
  // thread, not inside an allocator.
  void forget_callers(std::uintptr_t start, std::uintptr_t end);
  // The number of calls of forget_callers(). A caller's site that was remembered outside this table
  // is valid only while the number stays the same.
  std::uint64_t unloads() const { return unloads_.load(std::memory_order_acquire); }

  // For a forked child, since the numbers are the parent's. Their memory is used again, unless it
  // is to be kept as it is.
  void clear(bool keeps_memory);

 private:
  using CodeIndex = HashIndex<std::atomic<CodeNode*>>;
  using CallerIndex = HashIndex<CallerSlot>;
  struct Range {
    std::uint64_t start;
    std::uint64_t end;
    std::uint32_t module;  // text number of its path
  };
  class Lock;
  // The first bytes of memory of the table. It is used again for the same use alone, for the sake
  // of a search that a signal interrupted.
  enum class Use : std::uint8_t { Codes, Callers, Nodes, Modules };
  struct Mapping {
    Mapping* next;
    std::size_t bytes;
    Use use;
    bool is_free;  // another process used it
  };

  static std::size_t hash(const void* address) {
    // The high bits of the product depend on all bits of the address.
    return static_cast<std::size_t>(
        reinterpret_cast<std::uintptr_t>(address) * 0x9e3779b97f4a7c15 >> 32);
  }
  static std::size_t unit_of(std::int32_t instruction) {
    return instruction < 0 ? 0 : static_cast<std::size_t>(instruction) / 2 + 1;
  }

  // The key of a node: the address of the code object, with the line that its frame keeps in
  // the bits above. Null: the line is too large, so that each event has a site of its own.
  static const void* code_key(const pyframe::Position& position) {
    const auto line = static_cast<std::uint32_t>(position.own_line);
    if (line == 0) [[likely]]
      return position.code;
    if (line >= pyframe::kMaxKeyIndex) return nullptr;
    return reinterpret_cast<const void*>(reinterpret_cast<std::uint64_t>(position.code) |
                                         std::uint64_t{line} << pyframe::kAddressBits);
  }
  CodeNode* find_node(const void* key) const;
  void forget_lines(const void* code);
  CodeNode* enter_code(const pyframe::Code& facts, const void* code, std::uint32_t number);
  CodeNode* make_node(std::size_t units);
  bool grow_codes();
  CodeIndex* empty_codes(std::size_t slots);
  template <typename Index, typename Slot>
  Index* make_index(Use use, std::size_t slots);
  void enter_caller(const void* address, SiteId site);
  void forget_callers_locked(std::uintptr_t start, std::uintptr_t end);
  bool grow_callers();
  // Returns the module that holds the address, and describes it if it is new. 0: no module does.
  std::uint32_t require_module(DefinitionStream& stream, const void* address);
  std::uint32_t find_module(std::uint64_t place) const;
  void describe_modules(DefinitionStream& stream);
  void* allocate(std::size_t bytes);
  // Zeros that last as long as the table.
  void* map(Use use, std::size_t bytes);

  std::atomic<CodeIndex*> codes_{nullptr};
  std::atomic<CallerIndex*> callers_{nullptr};
  std::atomic<std::uint64_t> deaths_{1};
  std::atomic<std::uint64_t> unloads_{0};
  std::atomic<bool> are_callers_stale_{false};  // forget_callers() found the table locked
  std::atomic<bool> has_lines_{false};          // there are nodes of single lines
  std::atomic<std::uint32_t> next_site_{1};
  std::atomic<std::uint32_t> next_code_{1};
  std::atomic<std::uint32_t> next_text_{1};

  // The members below are used under the lock.
  std::atomic<bool> locked_{false};
  CodeNode* free_nodes_ = nullptr;
  CodeIndex* spare_codes_ = nullptr;  // the one before codes_
  Mapping* mappings_ = nullptr;
  char* arena_ = nullptr;
  std::size_t arena_left_ = 0;
  static constexpr std::size_t kMaxRanges = 4096;
  Range* ranges_ = nullptr;  // executable mappings that have been described
  std::size_t range_count_ = 0;
  char* scratch_ = nullptr;
};

inline SiteId SiteTable::find(const pyframe::Position& position) const {
  const void* const key = code_key(position);
  const CodeNode* const node = key == nullptr ? nullptr : find_node(key);
  if (node == nullptr) return kNoSite;
  const std::size_t unit = unit_of(position.instruction);
  return unit < node->units ? node->sites[unit].load(std::memory_order_acquire) : kNoSite;
}

inline CodeNode* SiteTable::find_node(const void* key) const {
  // Acquire, here and below: paired with the release that entered a slot or a site.
  CodeIndex* const index = codes_.load(std::memory_order_acquire);
  if (index == nullptr) return nullptr;
  for (std::size_t i = hash(key) & index->mask;; i = (i + 1) & index->mask) {
    CodeNode* const node = index->slots[i].load(std::memory_order_acquire);
    if (node == nullptr || node->code.load(std::memory_order_acquire) == key) return node;
  }
}

inline SiteId SiteTable::find_caller(const void* address) const {
  CallerIndex* const index = callers_.load(std::memory_order_acquire);
  if (index == nullptr) return kNoSite;
  for (std::size_t i = hash(address) & index->mask;; i = (i + 1) & index->mask) {
    const void* const seen = index->slots[i].address.load(std::memory_order_acquire);
    if (seen == address) return index->slots[i].site.load(std::memory_order_relaxed);
    if (seen == nullptr) return kNoSite;
  }
}

}  // namespace pymemflow::interpose
