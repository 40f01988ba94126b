#include "pyframe/own_line.h"

#include "pyframe/code.h"
#include "pyframe/line_table.h"

namespace pymemflow::pyframe {
namespace {

using detail::load;

// FRAME_OWNED_BY_FRAME_OBJECT, 3.11 on. The interpreter itself never runs such a frame.
constexpr std::uint8_t kOwnedByObject = 2;

// Returns the frame object of this frame, or null if it has none, or none that refers to it.
const void* object_of(const FrameLayout& layout, const void* frame) {
  if (layout.frame_shape == FrameShape::FrameObject) return frame;
  const void* const object = load<const void*>(frame, layout.frame_object);
  // PyFrameObject, 3.11 on: f_frame, f_trace, f_lineno.
  const std::size_t inner = layout.object_line - 2 * sizeof(void*);
  return object != nullptr && load<const void*>(object, inner) == frame ? object : nullptr;
}

bool is_made_by_c(const Interpreter& interpreter, const Position& position, const void* object) {
  const FrameLayout& layout = interpreter.layout;
  if (interpreter.frame_type != nullptr &&
      detail::type_of(layout, object) != interpreter.frame_type) {
    return true;
  }
  if (layout.frame_shape != FrameShape::FrameObject) {
    return load<std::uint8_t>(position.frame, layout.frame_owner) == kOwnedByObject;
  }
  // In 3.10 the compiler never leaves a table empty. Before, it may, and the interpreter itself
  // goes by the table.
  if (layout.line_table_format != LineTableFormat::LineTable) return false;
  const void* const table = load<const void*>(position.code, layout.code_line_table);
  return detail::type_of(layout, table) == interpreter.bytes_type &&
         load<std::int64_t>(table, kObjectSize + std::size_t{layout.header_growth}) == 0;
}

}  // namespace

void take_own_line(const Interpreter& interpreter, Position& position) {
  const FrameLayout& layout = interpreter.layout;
  const void* const object = object_of(layout, position.frame);
  if (object == nullptr || !is_made_by_c(interpreter, position, object)) return;
  auto line = load<std::int32_t>(object, layout.object_line);
  Code code;
  // As the interpreter has it: without a line in the object, it is that of the table.
  if (line <= 0 && describe_code(interpreter, position.code, code)) {
    line = line_of(code.line_table_format, {code.line_table, code.line_table_bytes},
                   code.first_line, position.instruction);
  }
  if (line <= 0) return;
  position.own_line = line;
  position.instruction = -1;
}

}  // namespace pymemflow::pyframe
