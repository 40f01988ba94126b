#pragma once
// Tells the user where the record is if its name was taken. At the end of the recording only.

#include <string_view>

namespace pymemflow::interpose {

// `asked`: the name that the user gave for the capture, with %p and %t; empty: none. Writes a line
// if the record has another name, but not where the user expects several of them: in a forked
// child, and after an exec if the name contains the process id.
void say_other_name(std::string_view asked);

}  // namespace pymemflow::interpose
