#include "interpose/recording/site_table.h"

#include <algorithm>
#include <cstring>

#include "interpose/recording/blocks/definitions.h"
#include "platform/memory.h"
#include "platform/modules.h"
#include "platform/signal_guard.h"

namespace pymemflow::interpose {
namespace {

constexpr std::size_t kFirstSlots = 512;
constexpr std::size_t kPageBytes = std::size_t{4} << 10;
// With its head, a whole number of pages.
constexpr std::size_t kArenaBytes = (std::size_t{128} << 10) - 32;
constexpr std::size_t kScratchBytes = 8192;
constexpr int kFreeNodesTried = 8;

// Returns the number of slots for an index of which at most half are used.
std::size_t slots_for(std::size_t entries) {
  std::size_t slots = kFirstSlots;
  while (slots < entries * 4) slots *= 2;
  return slots;
}

}  // namespace

// A lock that threads try to take and never wait for. No handler runs while it exists: the child of
// one that forked would go on to enter its parent's site in its own table.
class SiteTable::Lock {
 public:
  explicit Lock(SiteTable& table)
      : table_(table), is_held_(!table.locked_.exchange(true, std::memory_order_acquire)) {}
  ~Lock() {
    if (is_held_) table_.locked_.store(false, std::memory_order_release);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  bool is_held() const { return is_held_; }

 private:
  const platform::SignalGuard no_handler_;
  SiteTable& table_;
  const bool is_held_;
};

SiteId SiteTable::define(DefinitionStream& stream, const pyframe::Interpreter& interpreter,
                         const pyframe::Position& position) {
  const Lock lock(*this);
  if (!stream.is_own()) return kNoSite;
  const void* const key = code_key(position);
  const bool is_entered = lock.is_held() && key != nullptr;
  CodeNode* node = is_entered ? find_node(key) : nullptr;
  std::uint32_t number = node != nullptr ? node->number : 0;
  if (node == nullptr) {
    pyframe::Code facts{};
    if (!pyframe::describe_code(interpreter, position.code, facts)) return kNoSite;
    if (position.own_line != 0) {
      facts.first_line = position.own_line;
      facts.line_table_bytes = facts.bytecode_bytes = 0;
      has_lines_.store(true, std::memory_order_relaxed);
    }
    number = next_code_.fetch_add(1, std::memory_order_relaxed);
    const std::uint32_t texts = next_text_.fetch_add(3, std::memory_order_relaxed);
    if (!define_code(stream, facts, number, texts)) return kNoSite;
    if (is_entered) node = enter_code(facts, key, number);
  }
  const SiteId site = next_site_.fetch_add(1, std::memory_order_relaxed);
  if (!define_site(stream, site, number, position.instruction)) return kNoSite;
  const std::size_t unit = unit_of(position.instruction);
  if (node != nullptr && unit < node->units) {
    node->sites[unit].store(site, std::memory_order_release);
  }
  return site;
}

SiteId SiteTable::define_caller(DefinitionStream& stream, const void* address) {
  const Lock lock(*this);
  if (!stream.is_own()) return kNoSite;
  if (lock.is_held() && are_callers_stale_.exchange(false, std::memory_order_relaxed)) {
    forget_callers_locked(0, ~std::uintptr_t{0});
  }
  const std::uint32_t module = lock.is_held() ? require_module(stream, address) : 0;
  const SiteId site = next_site_.fetch_add(1, std::memory_order_relaxed);
  if (!interpose::define_caller(stream, site, address, module)) return kNoSite;
  if (lock.is_held()) enter_caller(address, site);
  return site;
}

// Rare, hence a visit to all nodes: compiled code seldom dies.
void SiteTable::forget_lines(const void* code) {
  CodeIndex* const index = codes_.load(std::memory_order_acquire);
  constexpr std::uint64_t kAddress = (std::uint64_t{1} << pyframe::kAddressBits) - 1;
  for (std::size_t i = 0; index != nullptr && i <= index->mask; ++i) {
    CodeNode* const node = index->slots[i].load(std::memory_order_acquire);
    if (node == nullptr) continue;
    const auto key = reinterpret_cast<std::uint64_t>(node->code.load(std::memory_order_acquire));
    if (key > kAddress && (key & kAddress) == reinterpret_cast<std::uint64_t>(code)) {
      node->code.store(nullptr, std::memory_order_release);
    }
  }
}

void SiteTable::forget(const void* code) {
  if (has_lines_.load(std::memory_order_relaxed)) forget_lines(code);
  CodeNode* const node = find_node(code);
  // No lock is needed: the next code object at this address is entered after this one was freed.
  if (node == nullptr) return;
  node->code.store(nullptr, std::memory_order_release);
  deaths_.fetch_add(1, std::memory_order_relaxed);
}

// Does not wait for the lock: who holds it may have been interrupted by the caller.
void SiteTable::forget_callers(std::uintptr_t start, std::uintptr_t end) {
  {
    const Lock lock(*this);
    if (lock.is_held()) {
      forget_callers_locked(start, end);
    } else {
      are_callers_stale_.store(true, std::memory_order_relaxed);
    }
  }
  unloads_.fetch_add(1, std::memory_order_release);
  forget_remembered();
}

// Their slots stay, for the next code at these addresses.
void SiteTable::forget_callers_locked(std::uintptr_t start, std::uintptr_t end) {
  CallerIndex* const index = callers_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; index != nullptr && i <= index->mask; ++i) {
    CallerSlot& slot = index->slots[i];
    const auto address =
        reinterpret_cast<std::uintptr_t>(slot.address.load(std::memory_order_relaxed));
    // The code of a return address may end before it.
    if (address != 0 && address - 1 >= start && address - 1 < end) {
      slot.site.store(kNoSite, std::memory_order_relaxed);
    }
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < range_count_; ++i) {
    const bool is_gone = ranges_[i].start < end && ranges_[i].end > start;
    if (!is_gone) ranges_[kept++] = ranges_[i];
  }
  range_count_ = kept;
}

void SiteTable::clear(bool keeps_memory) {
  codes_.store(nullptr, std::memory_order_relaxed);
  callers_.store(nullptr, std::memory_order_relaxed);
  deaths_.fetch_add(1, std::memory_order_relaxed);
  locked_.store(false, std::memory_order_relaxed);
  has_lines_.store(false, std::memory_order_relaxed);
  are_callers_stale_.store(false, std::memory_order_relaxed);
  free_nodes_ = nullptr;
  spare_codes_ = nullptr;
  arena_left_ = 0;
  range_count_ = 0;
  ranges_ = nullptr;
  scratch_ = nullptr;
  if (keeps_memory) mappings_ = nullptr;
  // It stays mapped: a signal may have interrupted a search, which ends at the zeros.
  for (Mapping* mapping = mappings_; mapping != nullptr; mapping = mapping->next) {
    const Mapping kept = *mapping;
    platform::empty_private(mapping, kept.bytes);
    *mapping = {kept.next, kept.bytes, kept.use, true};
  }
}

void* SiteTable::map(Use use, std::size_t bytes) {
  constexpr std::size_t kHead = (sizeof(Mapping) + 15) & ~std::size_t{15};
  const std::size_t all = (bytes + kHead + kPageBytes - 1) & ~(kPageBytes - 1);
  for (Mapping* mapping = mappings_; mapping != nullptr; mapping = mapping->next) {
    if (!mapping->is_free || mapping->bytes != all || mapping->use != use) continue;
    mapping->is_free = false;
    return reinterpret_cast<char*>(mapping) + kHead;
  }
  auto* const mapping = static_cast<Mapping*>(platform::map_private(all));
  if (mapping == nullptr) return nullptr;
  *mapping = {mappings_, all, use, false};
  mappings_ = mapping;
  return reinterpret_cast<char*>(mapping) + kHead;
}

template <typename Index, typename Slot>
Index* SiteTable::make_index(Use use, std::size_t slots) {
  auto* const index = static_cast<Index*>(map(use, sizeof(Index) + (slots - 1) * sizeof(Slot)));
  if (index != nullptr) index->mask = slots - 1;
  return index;
}

CodeNode* SiteTable::enter_code(const pyframe::Code& facts, const void* code,
                                std::uint32_t number) {
  CodeIndex* index = codes_.load(std::memory_order_relaxed);
  if (index == nullptr || index->taken * 2 >= index->mask) {
    if (!grow_codes()) return nullptr;
    index = codes_.load(std::memory_order_relaxed);
  }
  const std::size_t units = facts.bytecode_bytes / 2 + 1;
  std::size_t i = hash(code) & index->mask;
  CodeNode* node = nullptr;
  for (; (node = index->slots[i].load(std::memory_order_relaxed)) != nullptr;
       i = (i + 1) & index->mask) {
    // A dead node with enough room is reused in place. No thread reads its sites: a reader runs the
    // code object whose node it reads, so that code object is alive.
    if (node->code.load(std::memory_order_relaxed) == nullptr && node->capacity >= units) break;
  }
  const bool is_new = node == nullptr;
  if (is_new) node = make_node(units);
  if (node == nullptr) return nullptr;
  for (std::size_t unit = 0; unit < units; ++unit) {
    node->sites[unit].store(kNoSite, std::memory_order_relaxed);
  }
  node->number = number;
  node->units = static_cast<std::uint32_t>(units);
  node->code.store(code, std::memory_order_release);
  if (is_new) {
    index->slots[i].store(node, std::memory_order_release);
    ++index->taken;
  }
  return node;
}

CodeNode* SiteTable::make_node(std::size_t units) {
  CodeNode** link = &free_nodes_;
  for (int tried = 0; *link != nullptr && tried < kFreeNodesTried; ++tried) {
    CodeNode* const node = *link;
    if (node->capacity >= units) {
      *link = node->next_free;
      return node;
    }
    link = &node->next_free;
  }
  auto* const node = static_cast<CodeNode*>(
      allocate(sizeof(CodeNode) + (units - 1) * sizeof(std::atomic<SiteId>)));
  if (node != nullptr) node->capacity = static_cast<std::uint32_t>(units);
  return node;
}

bool SiteTable::grow_codes() {
  CodeIndex* const old = codes_.load(std::memory_order_relaxed);
  std::size_t alive = 0;
  const std::size_t slots = old == nullptr ? 0 : old->mask + 1;
  for (std::size_t i = 0; i < slots; ++i) {
    const CodeNode* const node = old->slots[i].load(std::memory_order_relaxed);
    if (node != nullptr && node->code.load(std::memory_order_relaxed) != nullptr) ++alive;
  }
  CodeIndex* const grown = empty_codes(std::max(slots_for(alive), slots));
  if (grown == nullptr) return false;
  for (std::size_t i = 0; i < slots; ++i) {
    CodeNode* const node = old->slots[i].load(std::memory_order_relaxed);
    if (node == nullptr) continue;
    const void* const code = node->code.load(std::memory_order_relaxed);
    if (code == nullptr) {
      node->next_free = free_nodes_;
      free_nodes_ = node;
      continue;
    }
    std::size_t j = hash(code) & grown->mask;
    while (grown->slots[j].load(std::memory_order_relaxed) != nullptr) j = (j + 1) & grown->mask;
    grown->slots[j].store(node, std::memory_order_release);
    ++grown->taken;
  }
  // The old index is kept, since a thread may be reading it. Indexes never shrink, so all indexes
  // except the last two are together smaller than this one.
  codes_.store(grown, std::memory_order_release);
  spare_codes_ = old;
  return true;
}

// Code objects that keep coming and going fill an index with dead nodes again and again; two
// indexes of the same size then take turns. A thread that was interrupted while it read the index
// that is emptied here finds valid nodes, or none. In that case it takes the site for a new one,
// and finds it at the next lookup, under the lock.
SiteTable::CodeIndex* SiteTable::empty_codes(std::size_t slots) {
  CodeIndex* const spare = spare_codes_;
  if (spare == nullptr || spare->mask + 1 != slots) {
    return make_index<CodeIndex, std::atomic<CodeNode*>>(Use::Codes, slots);
  }
  for (std::size_t i = 0; i < slots; ++i) {
    spare->slots[i].store(nullptr, std::memory_order_relaxed);
  }
  spare->taken = 0;
  return spare;
}

void SiteTable::enter_caller(const void* address, SiteId site) {
  CallerIndex* index = callers_.load(std::memory_order_relaxed);
  if (index == nullptr || index->taken * 2 >= index->mask) {
    if (!grow_callers()) return;
    index = callers_.load(std::memory_order_relaxed);
  }
  std::size_t i = hash(address) & index->mask;
  for (const void* seen;
       (seen = index->slots[i].address.load(std::memory_order_relaxed)) != nullptr;
       i = (i + 1) & index->mask) {
    if (seen == address) break;
  }
  const bool is_new = index->slots[i].address.load(std::memory_order_relaxed) == nullptr;
  index->slots[i].site.store(site, std::memory_order_relaxed);
  if (!is_new) return;
  index->slots[i].address.store(address, std::memory_order_release);
  ++index->taken;
}

bool SiteTable::grow_callers() {
  CallerIndex* const old = callers_.load(std::memory_order_relaxed);
  const std::size_t slots = old == nullptr ? 0 : old->mask + 1;
  auto* const grown = make_index<CallerIndex, CallerSlot>(Use::Callers, slots_for(slots / 2));
  if (grown == nullptr) return false;
  for (std::size_t i = 0; i < slots; ++i) {
    const void* const address = old->slots[i].address.load(std::memory_order_relaxed);
    if (address == nullptr) continue;
    std::size_t j = hash(address) & grown->mask;
    while (grown->slots[j].address.load(std::memory_order_relaxed) != nullptr) {
      j = (j + 1) & grown->mask;
    }
    grown->slots[j].site.store(old->slots[i].site.load(std::memory_order_relaxed),
                               std::memory_order_relaxed);
    grown->slots[j].address.store(address, std::memory_order_relaxed);
    ++grown->taken;
  }
  callers_.store(grown, std::memory_order_release);
  return true;
}

std::uint32_t SiteTable::find_module(std::uint64_t place) const {
  for (std::size_t i = range_count_; i-- > 0;) {
    if (ranges_[i].start <= place && place < ranges_[i].end) return ranges_[i].module;
  }
  return 0;
}

std::uint32_t SiteTable::require_module(DefinitionStream& stream, const void* address) {
  const auto place = reinterpret_cast<std::uintptr_t>(address);
  if (ranges_ == nullptr) {
    ranges_ = static_cast<Range*>(map(Use::Modules, kMaxRanges * sizeof(Range)));
  }
  if (scratch_ == nullptr) scratch_ = static_cast<char*>(map(Use::Modules, kScratchBytes));
  if (ranges_ == nullptr || scratch_ == nullptr) return 0;
  if (const std::uint32_t known = find_module(place)) return known;
  describe_modules(stream);
  return find_module(place);
}

void SiteTable::describe_modules(DefinitionStream& stream) {
  struct Visit {
    SiteTable* table;
    DefinitionStream* stream;
  } visit{this, &stream};
  platform::visit_modules(
      {scratch_, kScratchBytes},
      [](const platform::Mapping& mapping, void* context) {
        auto& [table, to] = *static_cast<Visit*>(context);
        if (table->find_module(mapping.start) != 0 || table->range_count_ == kMaxRanges) return;
        const std::uint32_t text = table->next_text_.fetch_add(1, std::memory_order_relaxed);
        unsigned char id[kMaxBuildIdBytes];
        const std::size_t id_bytes = platform::find_build_id(mapping.image, id);
        if (!define_module(*to, mapping, text, {id, id_bytes})) return;
        table->ranges_[table->range_count_++] = {mapping.start, mapping.end, text};
      },
      &visit);
}

void* SiteTable::allocate(std::size_t bytes) {
  bytes = (bytes + 15) & ~std::size_t{15};
  if (bytes > kArenaBytes / 4) return map(Use::Nodes, bytes);
  if (bytes > arena_left_) {
    arena_ = static_cast<char*>(map(Use::Nodes, kArenaBytes));
    arena_left_ = arena_ == nullptr ? 0 : kArenaBytes;
  }
  if (bytes > arena_left_) return nullptr;
  char* const block = arena_;
  arena_ += bytes;
  arena_left_ -= bytes;
  return block;
}

}  // namespace pymemflow::interpose
