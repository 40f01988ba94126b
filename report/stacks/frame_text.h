#pragma once
// Frames of a call stack in text and in JSON, as every output has them. Report side, one thread.

#include "report/base/json_text.h"
#include "report/base/names.h"
#include "report/stacks/call_tree.h"

namespace pymemflow::report {

// For people: site_text() with a function that is not too long.
String frame_text(const SiteName& frame, const Names& names);

// Adds the fields "stack", an array of frames from the uppermost one on, and "stack_end" to the
// open object.
void write_stack(JsonText& json, const CallTree& tree, CallNode stack);

// The end of a stack. One whose native part has a gap is not whole, though its last frame is there:
// the end is the reason of the uppermost gap.
StackEnd end_of(const CallTree& tree, CallNode stack);

// "bottom", "cut", "unread", "no rule", "site only".
std::string_view name_of(StackEnd end);

}  // namespace pymemflow::report
