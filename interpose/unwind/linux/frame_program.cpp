#include "interpose/unwind/linux/frame_program.h"

#include "interpose/unwind/linux/machine.h"

namespace pymemflow::interpose {
namespace {

// DW_CFA_*. The first three have their operand in their low six bits.
enum Instruction : std::uint8_t {
  kAdvance = 0x40,
  kOffset = 0x80,
  kRestore = 0xc0,
  kNop = 0x00,
  kSetLocation = 0x01,
  kAdvance1 = 0x02,
  kAdvance2 = 0x03,
  kAdvance4 = 0x04,
  kOffsetExtended = 0x05,
  kRestoreExtended = 0x06,
  kUndefined = 0x07,
  kSameValue = 0x08,
  kRegister = 0x09,
  kRememberState = 0x0a,
  kRestoreState = 0x0b,
  kDefineCfa = 0x0c,
  kDefineCfaRegister = 0x0d,
  kDefineCfaOffset = 0x0e,
  kDefineCfaExpression = 0x0f,
  kExpression = 0x10,
  kOffsetExtendedSigned = 0x11,
  kDefineCfaSigned = 0x12,
  kDefineCfaOffsetSigned = 0x13,
  kValueOffset = 0x14,
  kValueOffsetSigned = 0x15,
  kValueExpression = 0x16,
  kNegateSigned = 0x2d,  // aarch64: return addresses are signed from here on, or no longer
  kArgumentsSize = 0x2e,
  kNegativeOffset = 0x2f,
};
constexpr std::uint8_t kPrimary = 0xc0;
constexpr std::uint8_t kOperand = 0x3f;

using Kind = SavedRegister::Kind;

class Machine {
 public:
  Machine(const FrameEntry& entry, std::uintptr_t address)
      : entry_(entry), address_(address), location_(entry.start) {}

  bool run_initial() {
    if (!run(entry_.initial, false)) return false;
    initial_ = row_;
    return true;
  }
  bool run_program() { return run(entry_.program, true); }
  const FrameRow& row() const { return row_; }

 private:
  static constexpr unsigned kRemembered = 16;

  bool run(Bytes program, bool stops) {
    ByteReader reader(program);
    while (!reader.is_at_end() && is_good_) {
      const auto instruction = reader.read<std::uint8_t>();
      if (step(reader, instruction) && stops && location_ > address_) return true;
      if (reader.has_failed()) return false;
    }
    return is_good_ && !reader.has_failed();
  }

  // The register's rule; a scratch one for a register that a walk does not follow.
  SavedRegister& saved(std::uint64_t number) {
    if (number == kFpRegister) return row_.fp;
    if (number == kPcRegister) return row_.pc;
    return other_;
  }
  void save(std::uint64_t number, std::int64_t offset) {
    saved(number) = {.kind = Kind::AtCfa, .offset = offset};
  }
  void lose(std::uint64_t number) { saved(number) = {.kind = Kind::Lost}; }
  void restore(std::uint64_t number) {
    if (number == kFpRegister) row_.fp = initial_.fp;
    if (number == kPcRegister) row_.pc = initial_.pc;
  }
  void save_by_expression(std::uint64_t number, Bytes expression) {
    const std::optional<Value> place = evaluate(expression, address_, true);
    if (!place || place->is_loaded || place->base == kNoBase) return lose(number);
    if (place->base == kCfaBase) return save(number, place->offset);
    saved(number) = {.kind = Kind::AtRegister, .offset = place->offset, .base = place->base};
  }
  // Factored operands wrap around, as damaged ones may do.
  std::int64_t data(std::uint64_t units) const {
    return static_cast<std::int64_t>(units * static_cast<std::uint64_t>(entry_.data_unit));
  }
  void advance(std::uint64_t units) { location_ += units * entry_.code_unit; }

  // True: the location has moved.
  bool step(ByteReader& reader, std::uint8_t instruction) {
    const std::uint8_t operand = instruction & kOperand;
    switch (instruction & kPrimary) {
      case kAdvance:
        advance(operand);
        return true;
      case kOffset:
        save(operand, data(reader.uleb()));
        return false;
      case kRestore:
        restore(operand);
        return false;
      default:
        break;
    }
    switch (instruction) {
      case kSetLocation:
        location_ = reader.pointer(entry_.encoding, 0);
        return true;
      case kAdvance1:
        advance(reader.read<std::uint8_t>());
        return true;
      case kAdvance2:
        advance(reader.read<std::uint16_t>());
        return true;
      case kAdvance4:
        advance(reader.read<std::uint32_t>());
        return true;
      default:
        if (!define_cfa(reader, instruction) && !define_register(reader, instruction)) {
          is_good_ = false;
        }
        return false;
    }
  }

  bool define_cfa(ByteReader& reader, std::uint8_t instruction) {
    Value& cfa = row_.cfa;
    switch (instruction) {
      case kDefineCfa:
        cfa = {.base = reader.uleb()};
        cfa.offset = static_cast<std::int64_t>(reader.uleb());
        return true;
      case kDefineCfaSigned:
        cfa = {.base = reader.uleb()};
        cfa.offset = data(static_cast<std::uint64_t>(reader.sleb()));
        return true;
      case kDefineCfaRegister:
        cfa.base = reader.uleb();
        return !cfa.is_loaded;
      case kDefineCfaOffset:
        cfa.offset = static_cast<std::int64_t>(reader.uleb());
        return !cfa.is_loaded;
      case kDefineCfaOffsetSigned:
        cfa.offset = data(static_cast<std::uint64_t>(reader.sleb()));
        return !cfa.is_loaded;
      case kDefineCfaExpression:
        cfa = evaluate(reader.take(reader.uleb()), address_, false).value_or(Value{});
        return true;
      default:
        return false;
    }
  }

  bool define_register(ByteReader& reader, std::uint8_t instruction) {
    switch (instruction) {
      case kNop:
        return true;
      case kRememberState:
        if (depth_ == kRemembered) return false;
        remembered_[depth_++] = row_;
        return true;
      case kRestoreState:
        if (depth_ == 0) return false;
        row_ = remembered_[--depth_];
        return true;
      case kArgumentsSize:
        reader.uleb();
        return true;
      case kNegateSigned:
        row_.is_signed = !row_.is_signed;
        return kIsPcInLink;
      default:
        return define_numbered(reader, instruction);
    }
  }

  // Instructions whose first operand is a register.
  bool define_numbered(ByteReader& reader, std::uint8_t instruction) {
    if (instruction > kValueExpression && instruction != kNegativeOffset) return false;
    const std::uint64_t number = reader.uleb();
    switch (instruction) {
      case kOffsetExtended:
        save(number, data(reader.uleb()));
        return true;
      case kOffsetExtendedSigned:
        save(number, data(static_cast<std::uint64_t>(reader.sleb())));
        return true;
      case kNegativeOffset:
        save(number, data(std::uint64_t{0} - reader.uleb()));
        return true;
      case kRestoreExtended:
        restore(number);
        return true;
      case kUndefined:
        lose(number);
        return true;
      case kSameValue:
        saved(number) = {};
        return true;
      case kRegister:
      case kValueOffset:
      case kValueOffsetSigned:
        // The register's value is not in memory. Only a lost fp can be survived.
        is_good_ = number != kPcRegister;
        reader.uleb();
        lose(number);
        return true;
      case kExpression:
        save_by_expression(number, reader.take(reader.uleb()));
        return true;
      case kValueExpression:
        is_good_ = number != kPcRegister;
        reader.take(reader.uleb());
        lose(number);
        return true;
      default:
        return false;
    }
  }

  const FrameEntry& entry_;
  std::uintptr_t address_;
  std::uintptr_t location_;
  FrameRow row_;
  FrameRow initial_;
  SavedRegister other_;
  FrameRow remembered_[kRemembered];
  unsigned depth_ = 0;
  bool is_good_ = true;
};

bool fits(std::int64_t offset) {
  return offset >= INT32_MIN && offset <= INT32_MAX;
}

// Returns false for a place that a rule cannot express.
bool place_of(const SavedRegister& saved, Place& place, std::int32_t& offset) {
  if (!fits(saved.offset)) return false;
  offset = static_cast<std::int32_t>(saved.offset);
  switch (saved.kind) {
    case Kind::Kept:
      place = Place::Kept;
      return true;
    case Kind::Lost:
      place = Place::Lost;
      return true;
    case Kind::AtCfa:
      place = Place::AtCfa;
      return true;
    case Kind::AtRegister:
      place = saved.base == kSpRegister ? Place::AtSp : Place::AtFp;
      return saved.base == kSpRegister || saved.base == kFpRegister;
  }
  return false;
}

}  // namespace

std::optional<FrameRow> run_frame_program(const FrameEntry& entry, std::uintptr_t address) {
  Machine machine(entry, address);
  if (!machine.run_initial() || !machine.run_program()) return std::nullopt;
  return machine.row();
}

std::optional<Rule> compile_rule(const FrameEntry& entry, std::uintptr_t address) {
  const std::optional<FrameRow> row = run_frame_program(entry, address);
  if (!row) return std::nullopt;
  Rule rule = {};
  rule.kind = Rule::kValid;
  if (entry.is_signal) rule.kind |= Rule::kIsSignal;
  if (row->is_signed) rule.kind |= Rule::kIsSigned;
  if (!place_of(row->pc, rule.pc, rule.pc_offset)) return std::nullopt;
  if (rule.pc == Place::Lost) {  // the outermost frame: nothing else matters
    return Rule{.cfa_offset = 0,
                .cfa_added = 0,
                .kind = Rule::kValid,
                .fp = Place::Lost,
                .pc = Place::Lost,
                .fp_offset = 0,
                .pc_offset = kNoPcOffset};
  }
  if (rule.pc == Place::Kept) {
    if (!kIsPcInLink) return std::nullopt;
    rule.pc_offset = kNoPcOffset;
  } else if (rule.pc_offset == 0) {
    return std::nullopt;
  }
  if (!place_of(row->fp, rule.fp, rule.fp_offset)) rule.fp = Place::Lost;
  const Value& cfa = row->cfa;
  if (cfa.base == kFpRegister) {
    rule.kind |= Rule::kCfaFromFp;
  } else if (cfa.base != kSpRegister) {
    return std::nullopt;
  }
  if (cfa.is_loaded) rule.kind |= Rule::kLoadsCfa;
  if (!fits(cfa.offset) || cfa.added < INT8_MIN || cfa.added > INT8_MAX) return std::nullopt;
  rule.cfa_offset = static_cast<std::int32_t>(cfa.offset);
  rule.cfa_added = static_cast<std::int8_t>(cfa.added);
  return rule;
}

}  // namespace pymemflow::interpose
