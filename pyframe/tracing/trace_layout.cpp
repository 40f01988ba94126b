#include "pyframe/tracing/trace_layout.h"

namespace pymemflow::pyframe {
namespace {

// One row a version, as `scripts/print_layouts --trace PYTHON` prints it. A version without a row
// has no probes.
constexpr TraceLayout kLayouts[] = {
    {.major = 3,
     .minor = 6,
     .tstate_interpreter = 16,
     .tstate_tracing = 40,
     .tstate_trace_function = 56},
    {.major = 3,
     .minor = 7,
     .tstate_interpreter = 16,
     .tstate_tracing = 44,
     .tstate_trace_function = 64,
     .call_opcodes = {131, 141, 142, 161}},
    {.major = 3,
     .minor = 8,
     .tstate_interpreter = 16,
     .tstate_tracing = 44,
     .tstate_trace_function = 64,
     .call_opcodes = {131, 141, 142, 161}},
    {.major = 3,
     .minor = 9,
     .tstate_interpreter = 16,
     .tstate_tracing = 44,
     .tstate_trace_function = 64,
     .call_opcodes = {131, 141, 142, 161}},
    {.major = 3,
     .minor = 10,
     .tstate_interpreter = 16,
     .tstate_tracing = 44,
     .tstate_trace_function = 64,
     .call_opcodes = {131, 141, 142, 161}},
    {.major = 3,
     .minor = 11,
     .tstate_interpreter = 16,
     .tstate_tracing = 44,
     .tstate_trace_function = 72,
     .frame_object = 40,
     .code_local_count = 76,
     .code_stack_size = 68,
     .code_line_array = 160,
     .code_first_traceable = 168,
     .call_opcodes = {22, 23, 24, 142, 171}},
    {.major = 3,
     .minor = 12,
     .tstate_interpreter = 16,
     .tstate_tracing = 44,
     .tstate_trace_function = 72,
     .code_first_traceable = 176,
     .code_version = 160,
     .interpreter_version = 48,
     .loop_opcodes = {134, 140}},
    {.major = 3,
     .minor = 13,
     .tstate_interpreter = 16,
     .tstate_tracing = 60,
     .tstate_trace_function = 88,
     .code_first_traceable = 184,
     .code_version = 168,
     .interpreter_version = 0,
     .loop_opcodes = {77, 78}},
};

}  // namespace

const TraceLayout* find_trace_layout(int major, int minor) {
  for (const TraceLayout& layout : kLayouts) {
    if (layout.major == major && layout.minor == minor) return &layout;
  }
  return nullptr;
}

}  // namespace pymemflow::pyframe
