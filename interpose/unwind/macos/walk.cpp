#include "interpose/unwind/walk.h"

#include "interpose/unwind/rules.h"
#include "interpose/unwind/stops.h"

// A walk reads the stack memory of other functions, which sanitizers surround with marks.
#define PMF_READS_STACKS __attribute__((no_sanitize("address", "thread", "undefined")))

namespace pymemflow::interpose {
namespace {

constexpr std::uintptr_t kWord = sizeof(std::uintptr_t);

// Return addresses of arm64e code are signed; user addresses have 47 bits.
std::uintptr_t without_code(std::uintptr_t pc) {
#ifdef __aarch64__
  return pc & ((std::uintptr_t{1} << 47) - 1);
#else
  return pc;
#endif
}

}  // namespace

// The system's calling conventions require that each function saves the frame pointer of its caller
// and its return address, and lets fp point to them.
PMF_READS_STACKS Walk walk(Registers& at, StackRange stack, std::span<std::uintptr_t> frames,
                           Until until) {
  std::size_t count = 0;
  for (;;) {
    if (count != 0 && until == Until::MarkedCode && is_marked(at.pc)) {
      return {.frames = count, .end = WalkEnd::Stopped};
    }
    if (count == frames.size()) return {.frames = count, .end = WalkEnd::Full};
    if (at.fp == 0) return {.frames = count, .end = WalkEnd::Bottom};
    if (at.fp < at.sp || at.fp < stack.start || at.fp % kWord != 0 || stack.end < 2 * kWord ||
        at.fp > stack.end - 2 * kWord) {
      return {.frames = count, .end = WalkEnd::Unread};
    }
    const auto* const record = reinterpret_cast<const std::uintptr_t*>(at.fp);
    const std::uintptr_t pc = without_code(record[1]);
    if (pc == 0) return {.frames = count, .end = WalkEnd::Bottom};
    at.sp = at.fp + 2 * kWord;
    at.fp = record[0];
    at.pc = pc;
    frames[count++] = pc;
  }
}

bool prepare_rules(ModuleSource) {
  return true;
}
void forget_rules(CodeRange) {}
void note_loaded_code() {}
RuleCounts count_rules() {
  return {};
}

}  // namespace pymemflow::interpose
