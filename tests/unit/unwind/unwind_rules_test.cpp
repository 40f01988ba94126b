// Compares single rules with libunwind's steps: at random addresses of loaded libraries, on a stack
// whose words are random.

#include <gtest/gtest.h>
#include <link.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "interpose/unwind/linux/frame_entry.h"
#include "interpose/unwind/linux/unwind_module.h"
#include "interpose/unwind/rules.h"
#include "interpose/unwind/walk.h"
#include "libunwind_peer.h"

namespace pymemflow::interpose {
namespace {

// A stack of which each word is the address of a word in its upper half.
class RandomStack {
 public:
  explicit RandomStack(std::mt19937_64& random) : words_(kWords) {
    for (std::uintptr_t& word : words_) word = address(kWords / 2 + random() % (kWords / 2));
  }
  StackRange range() const { return {address(0), address(kWords - 1)}; }
  Registers registers(std::uintptr_t pc) const {
    Registers from = {};
    from.pc = pc;
    from.sp = address(16);
    from.fp = address(kWords / 4);
    return from;
  }

 private:
  static constexpr std::size_t kWords = 65536;
  std::uintptr_t address(std::size_t index) const {
    return reinterpret_cast<std::uintptr_t>(words_.data() + index);
  }
  std::vector<std::uintptr_t> words_;
};

struct Code {
  std::string name;
  CodeRange range;
};

std::vector<Code> loaded_code() {
  std::vector<Code> code;
  ::dl_iterate_phdr(
      [](dl_phdr_info* library, std::size_t, void* context) {
        auto& found = *static_cast<std::vector<Code>*>(context);
        for (int i = 0; i < library->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = library->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
          const std::uintptr_t start = library->dlpi_addr + segment.p_vaddr;
          found.push_back({library->dlpi_name, {start, start + segment.p_memsz}});
        }
        return 0;
      },
      &code);
  return code;
}

struct Tally {
  std::size_t equal = 0;
  std::size_t without_rule = 0;
  std::size_t untranslated = 0;  // of which there are unwind data
  std::size_t unread = 0;
  std::size_t outermost = 0;
  std::size_t peer_failed = 0;
  std::size_t different = 0;

  void add(const Tally& other) {
    equal += other.equal;
    without_rule += other.without_rule;
    untranslated += other.untranslated;
    unread += other.unread;
    outermost += other.outermost;
    peer_failed += other.peer_failed;
    different += other.different;
  }
};

bool has_data(std::uintptr_t pc) {
  const std::optional<UnwindModule> module = find_unwind_module(pc - 1);
  return module && find_frame_entry(module->search_table, module->segment, pc - 1);
}

void compare(LibunwindPeer& peer, const Code& code, std::uintptr_t pc, const RandomStack& stack,
             Tally& tally) {
  Registers at = stack.registers(pc);
  std::array<std::uintptr_t, 1> frame;
  const Walk step = walk(at, stack.range(), frame, Until::Bottom);
  if (step.end == WalkEnd::NoRule && step.frames == 0) {
    ++tally.without_rule;
    if (has_data(pc)) ++tally.untranslated;
    return;
  }
  if (step.frames == 0) {
    ++(step.end == WalkEnd::Bottom ? tally.outermost : tally.unread);
    return;
  }
  Registers expected = {};
  if (!peer.step(stack.registers(pc), expected)) {
    ++tally.peer_failed;
    return;
  }
  const bool is_interrupted = at.pc == expected.pc + 1;
  const bool is_equal = (at.pc == expected.pc || is_interrupted) && at.sp == expected.sp &&
                        (at.fp == expected.fp || at.fp == 0);
  ++(is_equal ? tally.equal : tally.different);
  if (!is_equal && tally.different < 5) {
    const Registers from = stack.registers(pc);
    ADD_FAILURE() << code.name << "+0x" << std::hex << pc - code.range.start << std::dec << ": sp +"
                  << at.sp - from.sp << " not +" << expected.sp - from.sp << ", fp " << at.fp
                  << " not " << expected.fp << ", pc " << at.pc << " not " << expected.pc;
  }
}

void compare_all(std::size_t addresses) {
  LibunwindPeer peer;
  if (!peer.is_there()) GTEST_SKIP() << "libunwind.so.8 is missing";
  for (const char* name : {"libcrypto.so.3", "libstdc++.so.6", "libpython3.11.so.1.0", "libm.so.6",
                           "libsqlite3.so.0", "libunwind.so.8"}) {
    ::dlopen(name, RTLD_LAZY | RTLD_LOCAL);
  }
  const std::uint64_t seed = std::random_device{}();
  std::mt19937_64 random(seed);
  const std::vector<Code> all = loaded_code();
  const RandomStack stack(random);
  Tally sum;
  for (const Code& code : all) {
    Tally tally;
    for (std::size_t i = 0; i < addresses; ++i) {
      const std::uintptr_t size = code.range.end - code.range.start;
      compare(peer, code, code.range.start + 1 + random() % size, stack, tally);
    }
    EXPECT_EQ(tally.different, 0U) << code.name << ", seed " << seed;
    EXPECT_GT(tally.equal + tally.without_rule, addresses / 2) << code.name << ", seed " << seed;
    sum.add(tally);
  }
  EXPECT_GT(sum.equal, all.size() * addresses / 2);
  std::cout << "soak: " << all.size() << " modules: " << sum.equal << " rules equal libunwind's, "
            << sum.different << " different, " << sum.without_rule << " addresses without a rule ("
            << sum.untranslated << " of them with unwind data), " << sum.unread
            << " outside the stack, " << sum.outermost << " outermost, libunwind fails at "
            << sum.peer_failed << "\n";
}

TEST(UnwindRules, AreThoseOfLibunwind) {
  ASSERT_TRUE(prepare_rules());
  compare_all(std::getenv("PMF_LONG") != nullptr ? 1'000'000 : 3'000);
}

TEST(UnwindRules, AreThoseOfLibunwindWithTheMaps) {
  ASSERT_TRUE(prepare_rules(ModuleSource::Maps));
  forget_rules({0, ~std::uintptr_t{0}});
  compare_all(1'000);
  ASSERT_TRUE(prepare_rules());
}

}  // namespace
}  // namespace pymemflow::interpose
