#pragma once
// Opens the file that a report, or other output of the command, goes to, so that nobody else
// decides which file that is, or gets to read it: SECURITY.md. Report side, any thread.

#include <string_view>

namespace pymemflow::report {

// A descriptor for writing, close-on-exec; -1 and errno.
//
// A missing file is created, for its owner alone. An existing one is overwritten, unless it is a
// capture or the file that `reading` has open: EEXIST. A pipe or a device is written to as it is; a
// FIFO that nobody reads is given a second, then: ENXIO. A link is followed if it is ours or root's
// (/dev/stderr is one); in a folder that everybody can write to, a file is overwritten, and a FIFO
// written to, only if it is ours and has no other name. Else: EACCES.
int open_output_file(const char* path, int reading = -1);

// True if the file at `path` is a capture, or the one that `reading` has open: no output replaces
// it.
bool is_kept_file(const char* path, int reading);

// The reason of a failure, for people: an errno of open_output_file(), or of writing to its file.
std::string_view output_problem(int error);

}  // namespace pymemflow::report
