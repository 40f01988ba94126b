#pragma once
// The table of rules of this process: from an address of code to its rule. Readers take no lock and
// see an entry whole, because an entry is one 64-bit word: 48 bits of the address and 16 bits for
// its rule. These bits are the rule's short form, or the number of a long rule, of which a process
// has few different ones.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "interpose/unwind/linux/rule.h"
#include "interpose/unwind/rules.h"

namespace pymemflow::interpose {

// The bits of an entry below the address.
inline constexpr std::uint32_t kIsLong = 1U << 15;
inline constexpr std::uint32_t kIsMarked = 1U << 14;  // stops.h
inline constexpr std::uint32_t kRuleBits = kIsMarked - 1;
// Returned where there is no entry. No entry has these bits.
inline constexpr std::uint32_t kMissing = ~0U;

// The numbers of long rules; the lower ones stand for "no rule".
inline constexpr std::uint32_t kFirstLongRule = 1024;

class RuleTable {
 public:
  // False: no memory. Until then, find() must not be called.
  bool map();
  bool is_mapped() const { return buckets_.load(std::memory_order_acquire) != nullptr; }

  // The bits of the address, or kMissing. `pc` in the sense of Registers.
  std::uint32_t find(std::uintptr_t pc) const {
    const Bucket* const bucket = bucket_of(pc);
    for (const std::atomic<std::uint64_t>& entry : bucket->entries) {
      const std::uint64_t word = entry.load(std::memory_order_acquire);
      if (word >> kAddressShift == pc) return static_cast<std::uint32_t>(word & 0xffff);
    }
    return kMissing;
  }
  // Compiles the rule of an address that was not found.
  std::uint32_t learn(std::uintptr_t pc);
  Rule long_rule(std::uint32_t bits) const;
  bool is_without_rule(std::uint32_t bits) const {
    return (bits & kIsLong) != 0 && (bits & kRuleBits) < kFirstLongRule;
  }
  // Whether libraries were loaded since the address was found to have no rule.
  bool is_outdated(std::uint32_t bits) const {
    return is_without_rule(bits) && (bits & kRuleBits) != failure_number();
  }

  void forget(CodeRange range);
  void note_loaded_code() { loads_.fetch_add(1, std::memory_order_release); }
  RuleCounts counts() const;

 private:
  static constexpr unsigned kAddressShift = 16;
  static constexpr unsigned kBucketBits = 14;
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kLongRules = kIsMarked - kFirstLongRule;
  static constexpr std::size_t kMaxProbes = 64;

  struct Bucket {
    std::atomic<std::uint64_t> entries[kWays];
  };
  // Written once, the first word first.
  struct LongRule {
    std::atomic<std::uint64_t> words[2];
  };

  Bucket* bucket_of(std::uintptr_t pc) const {
    const std::uint64_t hash = pc * 0x9e3779b97f4a7c15U;
    return buckets_.load(std::memory_order_relaxed) + (hash >> (64 - kBucketBits));
  }
  std::uint32_t failure_number() const {
    return loads_.load(std::memory_order_acquire) % kFirstLongRule;
  }
  std::uint32_t compile(std::uintptr_t pc);
  std::optional<std::uint32_t> number_of(const Rule& rule);
  void enter(std::uintptr_t pc, std::uint32_t bits, std::uint64_t version);

  std::atomic<Bucket*> buckets_{nullptr};
  LongRule* long_rules_ = nullptr;
  std::atomic<std::uint64_t> version_{0};  // number of calls of forget()
  std::atomic<std::uint32_t> loads_{0};
  std::atomic<std::uint64_t> compiled_{0};
  std::atomic<std::uint64_t> failed_{0};
};

inline constinit RuleTable rule_table;

}  // namespace pymemflow::interpose
