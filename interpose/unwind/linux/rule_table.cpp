#include "interpose/unwind/linux/rule_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "interpose/unwind/linux/frame_program.h"
#include "interpose/unwind/linux/machine.h"
#include "interpose/unwind/linux/unwind_module.h"
#include "interpose/unwind/stops.h"
#include "platform/memory.h"

namespace pymemflow::interpose {
namespace {

constexpr std::uintptr_t kAddressEnd = std::uintptr_t{1} << 48;

// True for the code that signal handlers return to. Some C libraries and kernels have no unwind
// data for it, and it need not be in a file. Costs a system call.
bool is_signal_return(std::uintptr_t pc) {
  unsigned char code[sizeof kSignalReturn];
  return platform::copy_memory(code, pc, sizeof code) &&
         std::memcmp(code, kSignalReturn, sizeof code) == 0;
}

std::optional<Rule> compile_at(std::uintptr_t pc) {
  const std::optional<UnwindModule> module = find_unwind_module(pc - 1);
  const std::optional<FrameEntry> entry =
      module ? find_frame_entry(module->search_table, module->segment, pc - 1) : std::nullopt;
  // The kernel's layout is certain, while the unwind data of such code may describe less.
  if ((!entry || entry->is_signal) && is_signal_return(pc)) return kSignalRule;
  return entry ? compile_rule(*entry, pc - 1) : std::nullopt;
}

}  // namespace

bool RuleTable::map() {
  if (is_mapped()) return true;
  constexpr std::size_t kBucketBytes = sizeof(Bucket) << kBucketBits;
  void* const memory = platform::map_private(kBucketBytes + kLongRules * sizeof(LongRule));
  if (memory == nullptr) return false;
  long_rules_ = reinterpret_cast<LongRule*>(static_cast<char*>(memory) + kBucketBytes);
  buckets_.store(static_cast<Bucket*>(memory), std::memory_order_release);
  return true;
}

Rule RuleTable::long_rule(std::uint32_t bits) const {
  const LongRule& rule = long_rules_[(bits & kRuleBits) - kFirstLongRule];
  const std::uint64_t words[2] = {rule.words[0].load(std::memory_order_relaxed),
                                  rule.words[1].load(std::memory_order_relaxed)};
  return std::bit_cast<Rule>(words);
}

// Long rules are never removed: they belong to no module. A thread that meets a rule of which
// another thread has written only the first word takes the next place.
std::optional<std::uint32_t> RuleTable::number_of(const Rule& rule) {
  struct Words {
    std::uint64_t first;
    std::uint64_t second;
  };
  const auto words = std::bit_cast<Words>(rule);
  const std::uint64_t hash = (words.first ^ std::rotl(words.second, 29)) * 0x9e3779b97f4a7c15U;
  for (std::size_t probe = 0; probe < kMaxProbes; ++probe) {
    const std::size_t place = ((hash >> 32) + probe) % kLongRules;
    LongRule& there = long_rules_[place];
    std::uint64_t first = there.words[0].load(std::memory_order_acquire);
    if (first == 0 &&
        there.words[0].compare_exchange_strong(first, words.first, std::memory_order_acq_rel)) {
      there.words[1].store(words.second, std::memory_order_release);
      return static_cast<std::uint32_t>(place) + kFirstLongRule;
    }
    if (first == words.first && there.words[1].load(std::memory_order_acquire) == words.second) {
      return static_cast<std::uint32_t>(place) + kFirstLongRule;
    }
  }
  return std::nullopt;
}

std::uint32_t RuleTable::compile(std::uintptr_t pc) {
  compiled_.fetch_add(1, std::memory_order_relaxed);
  const std::uint32_t mark = is_marked(pc) ? kIsMarked : 0;
  const std::uint32_t failure = kIsLong | failure_number();
  const std::optional<Rule> rule = pc < kAddressEnd ? compile_at(pc) : std::nullopt;
  if (rule) {
    const std::optional<std::uint32_t> short_form = pack(*rule);
    if (short_form) return *short_form | mark;
    const std::optional<std::uint32_t> number = number_of(*rule);
    if (number) return *number | kIsLong | mark;
  }
  failed_.fetch_add(1, std::memory_order_relaxed);
  return failure | mark;
}

// forget() first counts and then reads the table; this writes the entry first and then reads the
// count. So one of the two sees the other.
void RuleTable::enter(std::uintptr_t pc, std::uint32_t bits, std::uint64_t version) {
  Bucket* const bucket = bucket_of(pc);
  std::atomic<std::uint64_t>* place = nullptr;
  for (std::atomic<std::uint64_t>& entry : bucket->entries) {
    const std::uint64_t word = entry.load(std::memory_order_relaxed);
    if (word >> kAddressShift == pc || (word == 0 && place == nullptr)) place = &entry;
    if (word >> kAddressShift == pc) break;
  }
  if (place == nullptr) {
    const std::uint64_t evicted = compiled_.load(std::memory_order_relaxed) % kWays;
    place = &bucket->entries[evicted];
  }
  std::uint64_t word = std::uint64_t{pc} << kAddressShift | bits;
  place->store(word, std::memory_order_seq_cst);
  if (version_.load(std::memory_order_seq_cst) == version) return;
  place->compare_exchange_strong(word, 0, std::memory_order_relaxed);
}

std::uint32_t RuleTable::learn(std::uintptr_t pc) {
  const std::uint64_t version = version_.load(std::memory_order_seq_cst);
  const std::uint32_t bits = compile(pc);
  if (pc < kAddressEnd) enter(pc, bits, version);
  return bits;
}

void RuleTable::forget(CodeRange range) {
  version_.fetch_add(1, std::memory_order_seq_cst);
  Bucket* const buckets = buckets_.load(std::memory_order_acquire);
  if (buckets == nullptr) return;
  for (std::size_t i = 0; i < std::size_t{1} << kBucketBits; ++i) {
    for (std::atomic<std::uint64_t>& entry : buckets[i].entries) {
      std::uint64_t word = entry.load(std::memory_order_seq_cst);
      const std::uintptr_t code = (word >> kAddressShift) - 1;
      if (word == 0 || code < range.start || code >= range.end) continue;
      entry.compare_exchange_strong(word, 0, std::memory_order_relaxed);
    }
  }
}

RuleCounts RuleTable::counts() const {
  return {.compiled = compiled_.load(std::memory_order_relaxed),
          .failed = failed_.load(std::memory_order_relaxed)};
}

bool prepare_rules(ModuleSource source) {
  choose_module_source(source);
  return rule_table.map();
}

void forget_rules(CodeRange range) {
  forget_modules(range);
  rule_table.forget(range);
}

void note_loaded_code() {
  rule_table.note_loaded_code();
}

RuleCounts count_rules() {
  return rule_table.counts();
}

}  // namespace pymemflow::interpose
