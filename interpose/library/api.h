#pragma once
// The C interface of pymemflow, for programs and extension modules in C and C++.
//
// Linking: none. The functions exist only in a process in which libpymemflow is preloaded. Look
// each one up with dlsym(RTLD_DEFAULT, "pymemflow_mark"), and skip the call when that returns NULL.
// From Python, use the module pymemflow.
//
// Threads: every function may be called on any thread at any time, but not in a signal handler.
// Other threads go on recording during the call. A function may allocate memory for itself; these
// allocations are not recorded.
//
// Errors: a function that returns int returns 0 on success, or an error number of <errno.h>, unless
// its own comment says otherwise. errno keeps its value. Each function lists the errors that it can
// return:
//   ESRCH         this process is not recording: the options (PYMEMFLOW_...) turned it off, no
//                 Python was found in it, its recording has ended, or its capture could not grow
//   ENOTSUP       this recording keeps only its last events (PYMEMFLOW_RING) or only sums
//                 (PYMEMFLOW_FLOW=0), so live memory is not known
//   EBADF         the program closed or replaced the capture file
//   ENOMEM        there was no memory for the answer; every later call fails in the same way
//   EAGAIN        called from within an allocator function
//   EINVAL        a name is NULL or empty
//   ENAMETOOLONG  a name has more than 255 bytes
//   ENOENT        no mark has this name
//
// Ownership: the caller keeps what it passes; the library copies what it needs before it returns.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Returns the version of the library, such as "0.1.0": a constant that the caller must not free.
const char* pymemflow_version(void);

// Starts or resumes recording.
//
// Errors: ESRCH.
int pymemflow_start(void);

// Pauses recording until pymemflow_start(), or until `pymemflow start PID` in a shell. The report
// covers the recorded calls; a block that is freed during the pause still counts as live.
//
// Errors: ESRCH.
int pymemflow_stop(void);

// Returns 1 if calls are being recorded, 0 if they are not. It does not fail.
int pymemflow_is_recording(void);

// Records a mark of this name, 1 to 255 bytes, at this point in the order of events: everything
// that happened before this call, on any thread, comes before the mark. A mark is recorded during a
// pause as well. Several marks may have the same name.
//
// The resident set and the state of the C library's heaps are recorded with it. That costs a read
// of /proc/self/statm and, from glibc 2.33 on, a call of mallinfo2(), which visits each free chunk.
//
// Errors: EINVAL, ENAMETOOLONG, ESRCH, EAGAIN.
int pymemflow_mark(const char* name);

// Stores the live memory in *bytes and *blocks; either pointer may be NULL. Live are the blocks of
// all threads that were allocated since recording began and have not been freed; a block has the
// size that the program requested. Calls that other threads make during this call may or may not be
// included. The cost is that of a report on the events since the last such call.
//
// Errors: ESRCH, ENOTSUP, EBADF, ENOMEM, EAGAIN.
int pymemflow_outstanding(uint64_t* bytes, uint64_t* blocks);

// Writes what has changed since the latest mark of this name to `text`: JSON in UTF-8, terminated
// by a zero byte. `size` is the size of `text` in bytes. *length becomes the length of the whole
// answer in bytes without the zero; if it is not less than `size`, the answer was cut off. `text`
// and `length` may be NULL. The latest 256 names of marks are known. A mark's name that is not
// valid UTF-8 is copied as it is.
//
//   {"mark": "before",
//    "alive":  {"blocks": 12, "bytes": 10300},
//    "growth": {"blocks": 10, "bytes": 10000},
//    "peak_bytes": 512000, "rise_bytes": 1560576, "has_objects": true, "resident_then": 9437184,
//    "memory": [{"library": "Python's arenas", "is_arenas": true, "bytes": 1048576,
//                "site": {"file": "/x/leak.py", "line": 17, "function": "make"}}],
//    "sites": [{"file": "/x/leak.py", "line": 17, "function": "make",
//               "blocks": 10, "bytes": 10000},
//              {"engine_caller": "f (libx.so)", "module": "/x/libx.so", "blocks": ...}]}
//
//   alive       change of live memory since the mark; negative if it shrank
//   growth      the same, of the memory that counts as leaked (docs/gate.md)
//   peak_bytes  the highest live memory since the mark, minus the live memory at the mark
//   rise_bytes  the same for live blocks and memory that is mapped without malloc() together; arenas
//               do not count where the small objects in them are recorded
//   has_objects  whether small objects of Python are recorded (PYMEMFLOW_DOMAINS)
//   memory      who maps more memory than at the mark, without malloc(), and the line with most of it
//   resident_then  the resident set at the mark in bytes; 0 if it is not known
//   sites       the allocation sites of `growth`, largest first; negative where a site shrank.
//               If the record has call stacks, each has "stack", the frames of the stack that grew
//               most, from the site on, and "stack_end", "bottom" if the stack is whole. A frame is
//               {"file", "line", "function"} or {"library", "function", "offset"}. C++ and Rust
//               functions also have "symbol", the mangled name
//
// The names of C functions are found by a process of the library's own, which the program cannot
// see. Where it cannot be started, they are offsets in the file ("libx.so+0x7f12"), and memory that
// the C library itself allocated while no Python line ran does not count as growth.
//
// The cost is that of pymemflow_outstanding() plus a walk over the live blocks, and some 10 ms when
// C functions have to be named for the first time.
//
// Errors: ENOENT, EINVAL, ENAMETOOLONG, ESRCH, ENOTSUP, EBADF, ENOMEM, EAGAIN.
int pymemflow_growth(const char* mark, char* text, size_t size, size_t* length);

#ifdef __cplusplus
}
#endif
