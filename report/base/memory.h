#pragma once
// The memory of the report side: containers on a private heap (mimalloc, opened privately; on macOS
// a malloc zone), so that a report neither disturbs the host's heap nor depends on its state. Where
// mimalloc is missing, plain malloc serves. Report side, any thread.
//
// Running out of memory must not end the host: allocate() calls the hook that was set, which does
// not return (it jumps back into the driver). Without a hook the process aborts.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pymemflow::report {

using OutOfMemory = void (*)();
// Returns the hook that was set before.
OutOfMemory set_out_of_memory(OutOfMemory hook);

// Never null. Aligned for every fundamental type.
void* allocate(std::size_t size_bytes);
void release(void* block, std::size_t size_bytes);
[[noreturn]] void give_up_for_memory();

// The bytes that were allocated and not released yet.
std::size_t allocated_bytes();

// False: mimalloc could not be opened.
bool has_private_heap();

template <class T>
struct Allocator {
  using value_type = T;

  Allocator() = default;
  template <class Other>
  Allocator(const Allocator<Other>&) {}

  T* allocate(std::size_t count) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    if (count > PTRDIFF_MAX / kElementBytes) give_up_for_memory();
    return static_cast<T*>(report::allocate(count * kElementBytes));
  }
  void deallocate(T* block, std::size_t count) { report::release(block, count * kElementBytes); }

  friend bool operator==(const Allocator&, const Allocator&) { return true; }

 private:
  // An element may be a pointer.
  static constexpr std::size_t kElementBytes = sizeof(T);  // NOLINT(bugprone-sizeof-expression)
};

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

using String = std::basic_string<char, std::char_traits<char>, Allocator<char>>;

template <class T>
using Vector = std::vector<T, Allocator<T>>;

template <class Key, class Value>
using Map = std::map<Key, Value, std::less<>, Allocator<std::pair<const Key, Value>>>;

template <class Key, class Value, class Hash = std::hash<Key>>
using HashMap =
    std::unordered_map<Key, Value, Hash, std::equal_to<>, Allocator<std::pair<const Key, Value>>>;

}  // namespace pymemflow::report
