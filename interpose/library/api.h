#pragma once
// The C interface of the library, for C and C++. A program or a module finds these functions with
// dlsym(RTLD_DEFAULT, ...) once the library is preloaded; when it is not, there is nothing to call,
// and nothing to link with either. In Python: the module pymemflow, or ctypes.CDLL(None).
//
// Threads: all of them, on any thread, at any time; the program's other threads go on recording.
// They may allocate for themselves, but none of that is in the record. Not in a signal handler.
//
// Errors: the functions that return int return 0, or an error number of <errno.h>; errno is left
// alone.
//   ESRCH         this process does not record: it was told not to (PYMEMFLOW_...), no Python was
//                 found in it, its recording has ended, or its capture could not grow
//   ENOTSUP       it keeps the last events alone, or sums (PYMEMFLOW_RING, PYMEMFLOW_FLOW=0): what
//   is
//                 alive cannot be known
//   EBADF         the program closed or replaced the file of the record
//   ENOMEM        no memory for the answer; nor will there be one later
//   EAGAIN        called from within an allocator function
//
// Memory: what is passed is the caller's, and is not kept; pymemflow_version() gives a constant.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The version of the library, "0.1.0".
const char* pymemflow_version(void);

// Begins, or goes on, to record. ESRCH.
int pymemflow_start(void);

// Records no calls until pymemflow_start(), here or by `pymemflow start PID`. The report covers
// what was recorded; what the program gives back meanwhile still counts as alive. ESRCH.
int pymemflow_stop(void);

// 1: calls are being recorded. 0: they are not.
int pymemflow_is_recording(void);

// Gives this moment a name, at its exact place in the order of events: whatever any thread did
// before this call (as far as threads know of each other) comes before the mark.
// Recorded while stopped too. EINVAL (null, or empty), ENAMETOOLONG (more than 255 bytes), ESRCH,
// EAGAIN.
int pymemflow_mark(const char* name);

// How much of what was handed out since the recording began has not been given back: exactly, in
// the sizes that were asked for, of all threads, as of this call. What other threads do during the
// call counts or does not. Costs as much as a report of the events since the last such call.
// ESRCH, ENOTSUP, EBADF, ENOMEM, EAGAIN.
int pymemflow_outstanding(uint64_t* bytes, uint64_t* blocks);

// What has changed since the latest mark of that name, as JSON in UTF-8 (a name that is not valid
// UTF-8 is given as it is), ended by a zero. `size` is that of `text`, and `length` becomes the
// length of the whole answer without its zero; if it is not less than `size`, `text` has only the
// beginning. Only the latest 256 names are known.
//
//   {"mark": "before",
//    "alive":  {"blocks": 12, "bytes": 10300},    more (less) than at the mark, of all memory
//    "growth": {"blocks": 10, "bytes": 10000},    the same of what counts as a leak (docs/gate.md)
//    "peak_bytes": 512000,                        at most in between, more than at the mark
//    "places": [{"file": "/x/leak.py", "line": 17, "function": "make", "blocks": 10, "bytes":
//    10000},
//               {"engine_caller": "libx.so`f", "module": "/x/libx.so", "blocks": ...}]}
//
// Places that make up the growth, largest first; one that shrank has negative numbers.
// Costs what pymemflow_outstanding() costs, and a walk over what is alive. ENOENT: there is no such
// mark. ESRCH, ENOTSUP, EBADF, ENOMEM, EAGAIN, EINVAL.
int pymemflow_growth(const char* mark, char* text, size_t size, size_t* length);

#ifdef __cplusplus
}
#endif
