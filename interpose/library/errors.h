#pragma once
// Error numbers in words, for the messages of the library. strerror() translates, which takes locks
// and memory of the program.

#include <string_view>

namespace pymemflow::interpose {

// "No space left on device"; "error 123" for one that is not in the list, valid until the next
// call. Any thread, one at a time.
std::string_view error_text(int error);

}  // namespace pymemflow::interpose
