#pragma once
// Says why this process cannot be recorded, or no longer is: in a line, and in the log of the
// processes of this run. One thread at a time; allocates nothing.

#include <string_view>

namespace pymemflow::interpose {

// The words for Recording::failure, or for an error number. Valid until the next call.
std::string_view failure_text(int failure);

// start_recording() has failed. `capture`: the option.
void cannot_start(int error, std::string_view capture);

// As Recording::on_forked_child.
void on_forked_child(int error);

}  // namespace pymemflow::interpose
