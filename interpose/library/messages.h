#pragma once
// What the tool has to say to its user besides the report: one line on standard error that begins
// "pymemflow: ". Does not allocate; any thread.

#include <initializer_list>
#include <string_view>

namespace pymemflow::interpose {

// Says the parts, one after the other, in one write.
void say(std::initializer_list<std::string_view> parts);

}  // namespace pymemflow::interpose
