#pragma once
// Opens the file that a report, or what the command writes, goes to, so that nobody else decides
// which file that is, or gets to read it: SECURITY.md. Report side, any thread.

namespace pymemflow::report {

// A descriptor for writing, close-on-exec; -1 and errno.
//
// A file that is not there is made, for its owner alone. One that is there is written over. A pipe
// or a device is written to as it is; a FIFO that nobody reads is given a second, then: ENXIO. A
// link is followed if it is ours or root's (/dev/stderr is one); in a folder that everybody can
// write to, a file is written over, and a FIFO written to, only if it is ours and has no other
// name. Else: EACCES.
int open_output_file(const char* path);

}  // namespace pymemflow::report
