#pragma once
// The two roles of the library file: a library that is preloaded into a host, and a program, the
// reporter, which a host starts at its end. As libc.so.6 it has an entry point and an interpreter.

namespace pymemflow::report {

// Whether this process runs the library file as its program. Any thread, any time.
bool is_reporter();

}  // namespace pymemflow::report
