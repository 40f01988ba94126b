#pragma once
// The account of a process: what its resident memory consists of at its end, and which lines hold
// it. Plain values. Report side, any thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "report/base/memory.h"
#include "report/stacks/call_tree.h"

namespace pymemflow::report {

// The parts (parts.def is the table).
enum class AccountPart : std::uint8_t {
#define PMF_PART(name, label, is_estimate) name,
#include "report/account/parts.def"
#undef PMF_PART
};
struct AccountPartRow {
  std::string_view name;
  std::string_view label;
  bool is_estimate;
};
inline constexpr AccountPartRow kAccountParts[] = {
#define PMF_PART(name, label, is_estimate) {#name, label, is_estimate},
#include "report/account/parts.def"
#undef PMF_PART
};
inline constexpr std::size_t kAccountPartCount = std::size(kAccountParts);

// The stack that has most of a part, and its bytes of it.
struct AccountHolder {
  CallNode node = kNoCallNode;
  std::uint64_t bytes = 0;
};

// The mappings of one library: bytes that are resident, and the stack that mapped most of them.
struct AccountLibrary {
  String name;
  std::uint64_t bytes = 0;
  AccountHolder holder;
};

struct Account {
  // The map of the process at its end was read. Else `problem` says why not, and the bytes of the
  // parts are what was asked for or mapped, resident or not; only some parts have them.
  bool is_known = false;
  String problem;
  std::uint64_t resident = 0;
  std::uint64_t peak = 0;  // of the resident set, by the kernel; 0: unknown
  std::array<std::uint64_t, kAccountPartCount> bytes = {};

  std::uint64_t leaked = 0;  // of the blocks: not exempt
  AccountHolder leaked_holder;
  AccountHolder blocks_holder;
  AccountHolder arenas_holder;
  std::uint64_t objects = 0;         // blocks in the arenas, where those were recorded
  Vector<AccountLibrary> libraries;  // largest first
  std::uint64_t pinning = 0;         // bytes of the blocks that pin pages
  AccountHolder pinned_holder;
  std::uint64_t mapped_files = 0;  // of the files: mapped by calls of mmap()
  AccountHolder files_holder;

  std::uint64_t& of(AccountPart part) { return bytes[static_cast<std::size_t>(part)]; }
  std::uint64_t of(AccountPart part) const { return bytes[static_cast<std::size_t>(part)]; }
};

}  // namespace pymemflow::report
