#pragma once
// Frames of a call stack in text and in JSON, as every output has them. Report side, one thread.

#include "report/base/json_text.h"
#include "report/base/names.h"
#include "report/stacks/call_tree.h"

namespace pymemflow::report {

// "leak.py:12 make", "strdup (libc.so.6)", "libfoo.so+0x1a2b".
String frame_text(const SiteName& frame, const Names& names);

// The parts of the caller's name (SiteName::caller).
struct NativeName {
  std::string_view library;   // empty: unknown
  std::string_view function;  // empty: unknown
  std::string_view offset;    // "0x1a2b", if there is no function
};
NativeName native_name(const SiteName& frame);

// Adds the fields "stack", an array of frames from the uppermost one on, and "stack_end" to the
// open object.
void write_stack(JsonText& json, const CallTree& tree, CallNode stack);

// "bottom", "cut", "unread", "no rule", "site only".
std::string_view name_of(StackEnd end);

}  // namespace pymemflow::report
