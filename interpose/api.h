#pragma once
// The C interface of the library, for a program or a module that finds these functions with
// dlsym(): when there is no pymemflow in the process, there is nothing to call. Any thread.

extern "C" {

// Begins, or goes on, to record. 0, or an error number: ESRCH when nothing can be recorded (any
// more).
int pymemflow_start(void);

// Records nothing until pymemflow_start(). The report covers what was recorded. 0, or ESRCH.
int pymemflow_stop(void);
}
