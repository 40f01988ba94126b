#include "pyframe/self_check.h"

#include <atomic>

#include "pyframe/code.h"
#include "pyframe/line_table.h"
#include "pyframe/own_line.h"

namespace pymemflow::pyframe {
namespace {

using detail::load;

// A frame that is being entered is current here but not yet for the interpreter, so a single
// comparison may fail although the layout is right.
constexpr int kWrongInARow = 3;
constexpr int kRightEnough = 3;
constexpr std::size_t kCharactersCompared = 16;

std::uint32_t character_at(const Text& text, std::size_t index) {
  const auto* const data = static_cast<const char*>(text.characters);
  switch (text.bytes_per_character) {
    case 1:
      return load<std::uint8_t>(data, index);
    case 2:
      return load<std::uint16_t>(data, index * 2);
    default:
      return load<std::uint32_t>(data, index * 4);
  }
}

// Compares the length, the beginning and the end.
bool is_same_text(const Witness& witness, const void* object, const Text& text) {
  if (witness.length(object) != static_cast<std::intptr_t>(text.length)) return false;
  for (std::size_t i = 0; i < text.length; ++i) {
    if (i == kCharactersCompared && text.length > 2 * i) i = text.length - kCharactersCompared;
    if (witness.character(object, static_cast<std::intptr_t>(i)) != character_at(text, i)) {
      return false;
    }
  }
  return true;
}

// A pointer into the bytecode is checked by its range. An index cannot be checked so, but then the
// frame is an object that the interpreter can be asked about.
bool is_same_line(const Interpreter& interpreter, const Code& code, const Position& position) {
  const Witness& witness = interpreter.witness;
  const bool is_object = interpreter.layout.frame_shape == FrameShape::FrameObject;
  const int said = is_object ? witness.frame_line(position.frame)
                             : witness.line(position.code, position.instruction);
  const std::int32_t read =
      line_of(code.line_table_format, {code.line_table, code.line_table_bytes}, code.first_line,
              position.instruction);
  return said == read || (said == -1 && read == code.first_line);
}

bool is_same_frame(const Interpreter& interpreter, const Position& position, const void* globals) {
  const FrameLayout& layout = interpreter.layout;
  const Witness& witness = interpreter.witness;
  if (load<const void*>(position.frame, layout.frame_globals) != globals) return false;
  Code code;
  if (!describe_code(interpreter, position.code, code)) return false;
  const auto member = [&](std::uint16_t offset) {
    return load<const void*>(position.code, offset);
  };
  return position.instruction >= 0 &&
         position.instruction < static_cast<std::int64_t>(code.bytecode_bytes) &&
         is_same_text(witness, member(layout.code_filename), code.filename) &&
         is_same_text(witness, member(layout.code_name), code.name) &&
         is_same_line(interpreter, code, position);
}

std::atomic<int> right{0};
std::atomic<int> wrong_in_a_row{0};

}  // namespace

Verdict check_running_frame(const Interpreter& interpreter, ThisThread thread) {
  if (!is_known(interpreter)) return Verdict::Undecided;
  const void* const current = interpreter.current_thread_state();
  // Not this thread's own state: that of a subinterpreter, or one that another thread created.
  if (current == nullptr || current != interpreter.own_thread_state()) return Verdict::Undecided;
  if (load<unsigned long>(current, interpreter.layout.tstate_thread_id) != thread.self ||
      thread_state(interpreter, thread) != current) {
    return Verdict::Wrong;
  }
  const void* const globals = interpreter.witness.globals();
  Position position;
  const bool has_frame = current_position(interpreter, thread, position);
  if (globals == nullptr) return Verdict::Undecided;
  // Compiled Python: its frames are not the interpreter's own.
  if (has_frame) take_own_line(interpreter, position);
  if (position.own_line != 0) return Verdict::Undecided;
  return has_frame && is_same_frame(interpreter, position, globals) ? Verdict::Right
                                                                    : Verdict::Wrong;
}

bool check_at_start(Interpreter& interpreter, ThisThread thread) {
  if (right.load(std::memory_order_relaxed) >= kRightEnough) return true;
  const Verdict verdict = check_running_frame(interpreter, thread);
  if (verdict == Verdict::Right) {
    right.fetch_add(1, std::memory_order_relaxed);
    wrong_in_a_row.store(0, std::memory_order_relaxed);
  }
  if (verdict != Verdict::Wrong) return true;
  if (wrong_in_a_row.fetch_add(1, std::memory_order_relaxed) + 1 < kWrongInARow) return true;
  distrust(interpreter, "its frames differ from what its own functions report");
  return false;
}

}  // namespace pymemflow::pyframe
