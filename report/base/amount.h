#pragma once
// Amounts of memory, and changes of them. Plain values, for any thread.

#include <cstdint>

namespace pymemflow::report {

struct Amount {
  std::uint64_t bytes = 0;
  std::uint64_t blocks = 0;

  void add(const Amount& other) {
    bytes += other.bytes;
    blocks += other.blocks;
  }
  void subtract(const Amount& other) {
    bytes -= other.bytes;
    blocks -= other.blocks;
  }
};

struct Change {
  std::int64_t bytes = 0;
  std::int64_t blocks = 0;

  void add(const Change& other) {
    bytes += other.bytes;
    blocks += other.blocks;
  }
  explicit operator bool() const { return bytes != 0 || blocks != 0; }
};

inline Change change_between(const Amount& before, const Amount& after) {
  return {static_cast<std::int64_t>(after.bytes - before.bytes),
          static_cast<std::int64_t>(after.blocks - before.blocks)};
}

}  // namespace pymemflow::report
