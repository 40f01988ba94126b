#pragma once
// So many blocks, of so many bytes; and by how much that changed. Report side, any thread.

#include <cstdint>

namespace pymemflow::report {

struct Amount {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;

  void add(const Amount& other) {
    blocks += other.blocks;
    bytes += other.bytes;
  }
};

struct Change {
  std::int64_t blocks = 0;
  std::int64_t bytes = 0;

  void add(const Change& other) {
    blocks += other.blocks;
    bytes += other.bytes;
  }
  explicit operator bool() const { return blocks != 0 || bytes != 0; }
};

inline Change change_between(const Amount& before, const Amount& after) {
  return {static_cast<std::int64_t>(after.blocks - before.blocks),
          static_cast<std::int64_t>(after.bytes - before.bytes)};
}

}  // namespace pymemflow::report
