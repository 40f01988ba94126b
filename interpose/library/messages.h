#pragma once
// Messages to the user besides the report: one line on standard error that begins "pymemflow: ".
// Does not allocate; any thread.

#include <initializer_list>
#include <string_view>

namespace pymemflow::interpose {

// Writes the parts, one after the other, as one line and with one write.
void say(std::initializer_list<std::string_view> parts);

}  // namespace pymemflow::interpose
