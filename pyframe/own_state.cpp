#include "pyframe/own_state.h"

namespace pymemflow::pyframe {
namespace {

using platform::KeyValue;
using platform::kNearKeys;

// A key beyond the near ones is never found.
constexpr int kMaxFailures = 100;
constexpr std::size_t kNotFound = kNearKeys;

constinit const void* const has_ended = &has_ended;

constexpr std::uint64_t changed(std::uint64_t word, std::uint32_t sequence, std::uint64_t offset) {
  const auto changes = static_cast<std::uint16_t>((word >> 16) + 1);
  return std::uint64_t{sequence} << 32 | std::uint64_t{changes} << 16 | offset;
}

bool has_state(const KeyValue* values, std::size_t key, const void* state) {
  // A deleted key leaves its values behind, which only the function knows.
  return values[key].value == state && values[key].sequence % 2 == 1 &&
         values[key].sequence >> 32 == 0 && platform::key_value(key) == state;
}

// The key that has the state for its value. More than one: a library keeps the state in a key of
// its own; then it is not known which one is the interpreter's.
std::size_t find_key(const KeyValue* values, const void* state) {
  std::size_t found = kNotFound;
  for (std::size_t key = 0; key < kNearKeys; ++key) {
    if (!has_state(values, key, state)) continue;
    if (found != kNotFound) return kNotFound;
    found = key;
  }
  return found;
}

// Compares the known key with the getter. If their answers differ, the key is not the
// interpreter's, and none is looked for again. If only its sequence number has changed, the next
// call looks for it.
void check_key(OwnState& own, std::uint64_t known, std::uintptr_t self, const void* state) {
  const auto* const value =
      reinterpret_cast<const KeyValue*>(self + static_cast<std::uint16_t>(known));
  const bool is_its_value = value->value == state;
  if (is_its_value && value->sequence == key_sequence(known)) return;
  if (!is_its_value) __atomic_store_n(&own.failures, kMaxFailures, __ATOMIC_RELAXED);
  __atomic_compare_exchange_n(&own.key, &known, changed(known, 0, 0), false, __ATOMIC_RELAXED,
                              __ATOMIC_RELAXED);
}

}  // namespace

void learn_key(OwnState& own, std::uint64_t before, std::uintptr_t self, const void* state,
               const void* only_interpreter) {
  if (own.values == 0) return;
  if (key_sequence(before) != 0) {
    check_key(own, before, self, state);
    return;
  }
  if (__atomic_load_n(&own.failures, __ATOMIC_RELAXED) >= kMaxFailures) return;
  const auto* const values = reinterpret_cast<const KeyValue*>(self + own.values);
  const std::size_t key = find_key(values, state);
  if (key == kNotFound) {
    __atomic_fetch_add(&own.failures, 1, __ATOMIC_RELAXED);
    return;
  }
  __atomic_store_n(&own.only_interpreter, reinterpret_cast<std::uintptr_t>(only_interpreter),
                   __ATOMIC_RELAXED);
  const std::uint64_t known = changed(before, static_cast<std::uint32_t>(values[key].sequence),
                                      own.values + key * sizeof(KeyValue));
  // Fails if a key was deleted since `before` was read. Release: with the interpreter.
  __atomic_compare_exchange_n(&own.key, &before, known, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

void forget_key(OwnState& own, std::size_t key) {
  if (own.values == 0) return;
  std::uint64_t word = read_key_word(own);
  do {
    const std::size_t offset = static_cast<std::uint16_t>(word);
    if (key_sequence(word) != 0 && offset != own.values + key * sizeof(KeyValue)) return;
  } while (!__atomic_compare_exchange_n(&own.key, &word, changed(word, 0, 0), false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  __atomic_store_n(&own.failures, 0, __ATOMIC_RELAXED);
}

void end_direct_reads(OwnState& own) {
  __atomic_store_n(&own.finalizing, &has_ended, __ATOMIC_RELAXED);
}

}  // namespace pymemflow::pyframe
