#include "interpose/unwind/walk.h"

#include "interpose/unwind/linux/machine.h"
#include "interpose/unwind/linux/rule_table.h"

// A walk reads the stack memory of other functions, which sanitizers surround with marks.
#define PMF_READS_STACKS __attribute__((no_sanitize("address", "thread", "undefined")))

namespace pymemflow::interpose {
namespace {

enum class Step : std::uint8_t { Done, Bottom, Unread };

PMF_READS_STACKS inline std::uintptr_t load(std::uintptr_t place) {
  return *reinterpret_cast<const std::uintptr_t*>(place);
}

bool holds(StackRange stack, std::uintptr_t sp) {
  return sp >= stack.start && sp <= stack.end && sp % kWord == 0;
}

// Reads words of the stack at or above one frame's sp, and in the red zone below it.
class FrameReader {
 public:
  FrameReader(std::uintptr_t sp, std::uintptr_t end) : sp_(sp), end_(end) {}

  bool has_failed() const { return has_failed_; }
  std::uintptr_t word(std::uintptr_t place) {
    if (place < sp_ - kRedZone || place > end_ || end_ - place < kWord || place % kWord != 0) {
      has_failed_ = true;
      return 0;
    }
    return load(place);
  }

 private:
  std::uintptr_t sp_;
  std::uintptr_t end_;
  bool has_failed_ = false;
};

#ifdef __aarch64__
std::uintptr_t without_code(std::uintptr_t signed_pc) {
  register std::uintptr_t x30 __asm__("x30") = signed_pc;
  __asm__("hint #7" : "+r"(x30));  // xpaclri; older processors do nothing
  return x30;
}
#endif

// By a long rule.
Step step_long(Registers& at, const Rule& rule, StackRange stack) {
  if (rule.pc == Place::Lost) return Step::Bottom;
  FrameReader frame(at.sp, stack.end);
  const auto offset = [](std::int32_t bytes) {
    return static_cast<std::uintptr_t>(std::intptr_t{bytes});
  };
  std::uintptr_t cfa =
      ((rule.kind & Rule::kCfaFromFp) != 0 ? at.fp : at.sp) + offset(rule.cfa_offset);
  if ((rule.kind & Rule::kLoadsCfa) != 0) cfa = frame.word(cfa) + offset(rule.cfa_added);
  const auto saved = [&](Place place, std::int32_t bytes, std::uintptr_t kept) {
    switch (place) {
      case Place::Kept:
        return kept;
      case Place::Lost:
        return std::uintptr_t{0};
      case Place::AtCfa:
        return frame.word(cfa + offset(bytes));
      case Place::AtSp:
        return frame.word(at.sp + offset(bytes));
      case Place::AtFp:
        return frame.word(at.fp + offset(bytes));
    }
    return std::uintptr_t{0};
  };
  Registers next = {};
  next.sp = cfa;
  next.fp = saved(rule.fp, rule.fp_offset, at.fp);
  bool may_stay = false;  // a function without a frame has its caller's sp
#ifdef __aarch64__
  may_stay = rule.pc == Place::Kept;
  next.pc = saved(rule.pc, rule.pc_offset, at.link);
  if ((rule.kind & Rule::kIsSignal) != 0) next.link = frame.word(at.sp + kInterruptedLink);
  if ((rule.kind & Rule::kIsSigned) != 0) next.pc = without_code(next.pc);
#else
  next.pc = saved(rule.pc, rule.pc_offset, 0);
#endif
  if (frame.has_failed() || cfa % kWord != 0) return Step::Unread;
  if (next.pc == 0) return Step::Bottom;
  if ((rule.kind & Rule::kIsSignal) != 0) {
    ++next.pc;
    // The handler may run on a stack of its own: walk() looks where this sp lies.
  } else if (cfa > stack.end || (may_stay ? cfa < at.sp : cfa <= at.sp)) {
    return Step::Unread;
  }
  at = next;
  return Step::Done;
}

// By a rule's short form.
PMF_READS_STACKS inline Step step_short(Registers& at, std::uint32_t bits, StackRange stack) {
  std::uintptr_t cfa;
  if ((bits & kShortFromFp) != 0) {
    cfa = at.fp + short_cfa_offset(bits);
    if (cfa <= at.sp || cfa % kWord != 0) return Step::Unread;
  } else {
    cfa = at.sp + short_cfa_offset(bits);
  }
  if (cfa > stack.end) return Step::Unread;
  const std::uint32_t words = bits & kShortFp;
  std::uintptr_t fp = at.fp;
  [[maybe_unused]] std::uintptr_t fp_place = 0;
  if (words != 0 || kIsPcInLink) {
    fp_place = cfa - (words == kShortFp ? short_cfa_offset(bits) : words * std::uintptr_t{kWord});
    if (fp_place < at.sp - kRedZone) return Step::Unread;
    fp = load(fp_place);
  }
#ifdef __aarch64__
  const std::uintptr_t pc = load(fp_place + kWord);
  at.link = 0;
#else
  const std::uintptr_t pc = load(cfa - kWord);
#endif
  if (pc == 0) return Step::Bottom;
  at.fp = fp;
  at.sp = cfa;
  at.pc = pc;
  return Step::Done;
}

}  // namespace

PMF_READS_STACKS Walk walk(Registers& at, StackRange stack, std::span<std::uintptr_t> frames,
                           Until until) {
  if (!rule_table.is_mapped()) return {.frames = 0, .end = WalkEnd::NoRule};
  Registers registers = at;  // the compiler can keep a copy in registers
  if (!holds(stack, registers.sp)) return {.frames = 0, .end = WalkEnd::Unread};
  std::size_t count = 0;
  const auto ends = [&](WalkEnd end) {
    at = registers;
    return Walk{.frames = count, .end = end};
  };
  const std::uint32_t marks = until == Until::MarkedCode ? kIsMarked : 0;
  std::uint32_t stops = 0;  // not at the first frame
  for (;;) {
    std::uint32_t bits = rule_table.find(registers.pc);
    if (bits == kMissing) bits = rule_table.learn(registers.pc);
    if ((bits & stops) != 0) return ends(WalkEnd::Stopped);
    if (count == frames.size()) return ends(WalkEnd::Full);
    Step step = Step::Unread;
    bool is_in_stack = true;
    if ((bits & kIsLong) == 0) {
      step = step_short(registers, bits, stack);
    } else if (rule_table.is_outdated(bits)) {
      rule_table.learn(registers.pc);
      continue;
    } else if (rule_table.is_without_rule(bits)) {
      return ends(WalkEnd::NoRule);
    } else {
      step = step_long(registers, rule_table.long_rule(bits), stack);
      is_in_stack = holds(stack, registers.sp);
    }
    if (step == Step::Bottom) return ends(WalkEnd::Bottom);
    if (step == Step::Unread) return ends(WalkEnd::Unread);
    frames[count++] = registers.pc;
    stops = marks;
    if (!is_in_stack) return ends(WalkEnd::Unread);
  }
}

}  // namespace pymemflow::interpose
