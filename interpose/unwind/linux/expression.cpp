#include "interpose/unwind/linux/expression.h"

#include <utility>

#include "interpose/unwind/linux/machine.h"

namespace pymemflow::interpose {
namespace {

// DW_OP_*.
enum Operation : std::uint8_t {
  kDeref = 0x06,
  kConst1u = 0x08,
  kConst1s = 0x09,
  kConst2u = 0x0a,
  kConst2s = 0x0b,
  kConst4u = 0x0c,
  kConst4s = 0x0d,
  kConst8u = 0x0e,
  kConst8s = 0x0f,
  kConstu = 0x10,
  kConsts = 0x11,
  kAnd = 0x1a,
  kMinus = 0x1c,
  kPlus = 0x22,
  kPlusConstant = 0x23,
  kShiftLeft = 0x24,
  kGreaterOrEqual = 0x2a,
  kLiteral0 = 0x30,
  kRegister0 = 0x70,
  kRegisterX = 0x92,
};
constexpr unsigned kLiterals = 32;
constexpr unsigned kRegisters = 32;

// Signed arithmetic that wraps around.
std::int64_t sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

bool is_constant(const Value& value) {
  return value.base == kNoBase && !value.is_loaded;
}

void add(Value& value, std::int64_t number) {
  std::int64_t& offset = value.is_loaded ? value.added : value.offset;
  offset = sum(offset, number);
}

class Evaluation {
 public:
  Evaluation(Bytes expression, std::uintptr_t pc) : reader_(expression), pc_(pc) {}

  void push(const Value& value) {
    if (depth_ == kDepth) {
      is_good_ = false;
    } else {
      stack_[depth_++] = value;
    }
  }

  std::optional<Value> run() {
    while (!reader_.is_at_end() && is_good_) step(reader_.read<std::uint8_t>());
    if (!is_good_ || reader_.has_failed() || depth_ == 0) return std::nullopt;
    return stack_[depth_ - 1];
  }

 private:
  static constexpr unsigned kDepth = 16;

  Value pop() {
    if (depth_ == 0) {
      is_good_ = false;
      return {};
    }
    return stack_[--depth_];
  }

  void push_number(std::int64_t number) { push({.offset = number}); }

  void push_register(std::uint64_t number) {
    const std::int64_t offset = reader_.sleb();
    if (number == kPcRegister) {
      push_number(sum(static_cast<std::int64_t>(pc_), offset));
    } else {
      push({.base = number, .offset = offset});
    }
  }

  void load() {
    Value value = pop();
    if (value.is_loaded || value.base == kNoBase) is_good_ = false;
    value.is_loaded = true;
    push(value);
  }

  void combine(std::uint8_t operation) {
    Value right = pop();
    Value left = pop();
    if (operation == kPlus && is_constant(left)) std::swap(left, right);
    if (!is_constant(right)) {
      is_good_ = false;
    } else if (operation == kPlus) {
      add(left, right.offset);
    } else if (operation == kMinus) {
      add(left, difference(0, right.offset));
    } else if (!is_constant(left)) {
      is_good_ = false;
    } else if (operation == kAnd) {
      left.offset &= right.offset;
    } else if (operation == kGreaterOrEqual) {
      left.offset = left.offset >= right.offset ? 1 : 0;
    } else {
      const auto bits = static_cast<std::uint64_t>(left.offset);
      left.offset = right.offset < 0 || right.offset > 63
                        ? 0
                        : static_cast<std::int64_t>(bits << right.offset);
    }
    push(left);
  }

  void step(std::uint8_t operation) {
    if (operation >= kLiteral0 && operation < kLiteral0 + kLiterals) {
      return push_number(operation - kLiteral0);
    }
    if (operation >= kRegister0 && operation < kRegister0 + kRegisters) {
      return push_register(operation - kRegister0 + 0U);
    }
    switch (operation) {
      case kConst1u:
        return push_number(reader_.read<std::uint8_t>());
      case kConst1s:
        return push_number(reader_.read<std::int8_t>());
      case kConst2u:
        return push_number(reader_.read<std::uint16_t>());
      case kConst2s:
        return push_number(reader_.read<std::int16_t>());
      case kConst4u:
        return push_number(reader_.read<std::uint32_t>());
      case kConst4s:
        return push_number(reader_.read<std::int32_t>());
      case kConst8u:
      case kConst8s:
        return push_number(reader_.read<std::int64_t>());
      case kConstu:
        return push_number(static_cast<std::int64_t>(reader_.uleb()));
      case kConsts:
        return push_number(reader_.sleb());
      case kRegisterX:
        return push_register(reader_.uleb());
      case kDeref:
        return load();
      case kPlusConstant:
        push_number(static_cast<std::int64_t>(reader_.uleb()));
        return combine(kPlus);
      case kPlus:
      case kMinus:
      case kAnd:
      case kShiftLeft:
      case kGreaterOrEqual:
        return combine(operation);
      default:
        is_good_ = false;
    }
  }

  ByteReader reader_;
  std::uintptr_t pc_;
  Value stack_[kDepth] = {};
  unsigned depth_ = 0;
  bool is_good_ = true;
};

}  // namespace

std::optional<Value> evaluate(Bytes expression, std::uintptr_t pc, bool with_cfa) {
  Evaluation evaluation(expression, pc);
  if (with_cfa) evaluation.push({.base = kCfaBase});
  return evaluation.run();
}

}  // namespace pymemflow::interpose
