#pragma once
// Opens the file that a report, or other output of the command, goes to, so that nobody else
// decides which file that is, or gets to read it: SECURITY.md. Every file is created under a name
// that did not exist, or opened without following a link; checks are made of the open file. Report
// side, any thread.

#include <string_view>

namespace pymemflow::report {

// The functions return a descriptor for writing, close-on-exec; -1 and errno. A path that names a
// descriptor is that descriptor. A pipe or a device is written to as it is; a FIFO that nobody
// reads is given a second, then: ENXIO. A FIFO in a folder that others may write to is used only if
// it is ours and has no other name.

// For the end of a program, which replaces nothing. A missing file is created, for its owner alone.
// EEXIST: the name is taken, by a file or by a link, or by a FIFO that is not used.
int open_new_file(const char* path);

// For a command. A missing file is created, for its owner alone. An existing one is overwritten,
// unless it is a capture or the file that `reading` has open: EEXIST. Links are followed as
// follow_links() does. In a folder that others may write to, a file is overwritten only if it is
// ours and has no other name. Else: EACCES.
int open_output_file(const char* path, int reading = -1);

// True if the file at `path`, which must not be a link, is a capture, or the one that `reading` has
// open: no output replaces it.
bool is_kept_file(const char* path, int reading);

// The reason of a failure, for people: an errno of these functions, or of writing to the file.
std::string_view output_problem(int error);

}  // namespace pymemflow::report
