#!/usr/sbin/dtrace -Zs
/*
 * Prints the allocations and frees of a Python program, line by line, as pymemflow does in compat mode:
 *
 *   dtrace -C -Z -s scripts/pymemflow.d -p PID
 *
 *   -D FULL_FILE_PATH      whole paths
 *   -D PYTHON_CALL_STACK   the calls and returns of Python functions too
 *   -D END_AT='"name"'     stop when the Python function of that name is entered
 *
 * -C runs the C preprocessor, and -Z allows probes that this Python does not have.
 *
 * Tested on Linux with DTrace 2.0 (root, uprobes, BPF, debugfs and tracefs mounted); should run on macOS
 * and illumos, according to their manuals. The Python must be built --with-dtrace and have line probes,
 * which 3.6 to 3.11 have; Debian's python3.11 is such a build. Pin the program to one processor, or the
 * lines of two threads are mixed.
 *
 * The output is that of py_flow_malloc_free.d of the pymemtrace project. The differences are:
 *   - malloc() and its relatives are probed in the C library only, so that an interposer in front of it
 *     does not match twice; the loader's own malloc() is not shown.
 *   - On Linux the engine caller is the return address on the stack: ucaller follows frame pointers,
 *     which the C library and most Pythons do not have, and a usym() cannot be printed there (%A of it
 *     aborts). So each return address is a record of its own, printed as MODULE`SYMBOL+0xOFFSET.
 *   - END_AT: engine callers can be looked up only while the program runs.
 */

#pragma D option quiet
#pragma D option strsize=256
#pragma D option bufsize=16m
#pragma D option aggsize=8m

#ifdef __linux__
#define LIBC libc.so.6
#define CALLER *(uint64_t *)copyin(uregs[R_RSP], 8)
#define ENGINE_RECORD "   %A, total bytes = %@d %@d\n"
#else
#ifdef __APPLE__
#define LIBC libsystem_malloc.dylib
#else
#define LIBC libc.so.1
#endif
#define CALLER usym(ucaller)
#define ENGINE_RECORD "   %A, total bytes = %@d %@d\n"
#endif

#ifdef FULL_FILE_PATH
#define FILE(pointer) copyinstr(pointer)
#else
#define FILE(pointer) basename(copyinstr(pointer))
#endif

self int depth;

dtrace:::BEGIN
{
	printf("dtrace:::BEGIN\n");
#ifdef PYTHON_CALL_STACK
	printf("C    PID  DELTA(us)              FILE:LINE TYPE     -- FUNC\n");
#endif
}

python$target:::function-entry
{
#ifdef PYTHON_CALL_STACK
	printf("%6d %16s:%-4d CALL %*s-> %s\n", pid, FILE(arg0), arg2, self->depth * 2, "",
	    copyinstr(arg1));
	self->depth++;
#endif
	self->file = FILE(arg0);
	self->name = copyinstr(arg1);
	self->line = arg2;
}

python$target:::line
{
	self->file = FILE(arg0);
	self->name = copyinstr(arg1);
	self->line = arg2;
}

python$target:::function-return
{
#ifdef PYTHON_CALL_STACK
	self->depth -= self->depth > 0 ? 1 : 0;
	printf("%6d %16s:%-4d RTN  %*s<- %s\n", pid, FILE(arg0), arg2, self->depth * 2, "",
	    copyinstr(arg1));
#endif
	self->file = 0;
	self->name = 0;
	self->line = 0;
}

/* Prints the call at its entry and its result at its return, since strings of the entry are gone then. */
pid$target:LIBC:malloc:entry
/self->name != NULL/
{
	printf("%6d %16s:%-4d -> %s malloc(%d)", pid, self->file, self->line, self->name, arg0);
	@malloc_python_sum[self->file, self->name] = sum(arg0);
	@malloc_python[self->file, self->name] = quantize(arg0);
}

pid$target:LIBC:malloc:entry
/self->name == NULL/
{
	@malloc_engine_sum[CALLER] = sum(arg0);
	@malloc_engine[CALLER] = quantize(arg0);
}

pid$target:LIBC:calloc:entry
/self->name != NULL/
{
	printf("%6d %16s:%-4d -> %s calloc(%d, %d)", pid, self->file, self->line, self->name, arg0,
	    arg1);
	@calloc_python_sum[self->file, self->name] = sum(arg0 * arg1);
	@calloc_python[self->file, self->name] = quantize(arg0 * arg1);
}

pid$target:LIBC:calloc:entry
/self->name == NULL/
{
	@calloc_engine_sum[CALLER] = sum(arg0 * arg1);
	@calloc_engine[CALLER] = quantize(arg0 * arg1);
}

pid$target:LIBC:malloc:return,
pid$target:LIBC:calloc:return
/self->name != NULL/
{
	printf(" pntr 0x%x\n", arg1);
}

pid$target:LIBC:free:entry
/self->name != NULL/
{
	printf("%6d %16s:%-4d -> %s free(0x%x)\n", pid, self->file, self->line, self->name, arg0);
}

#ifdef END_AT
python$target:::function-entry
/copyinstr(arg1) == END_AT/
{
	exit(0);
}
#endif

dtrace:::END
{
	printf("\ndtrace:::END\n");
	printf("Python malloc byte distributions by engine caller:\n");
	printa(ENGINE_RECORD, @malloc_engine_sum, @malloc_engine);
	printf("\nPython malloc byte distributions by Python file and function:\n\n");
	printa("   %s, %s, bytes total = %@d %@d\n", @malloc_python_sum, @malloc_python);
	printf("Python calloc byte distributions by engine caller:\n");
	printa(ENGINE_RECORD, @calloc_engine_sum, @calloc_engine);
	printf("\nPython calloc byte distributions by Python file and function:\n\n");
	printa("   %s, %s, bytes total = %@d %@d\n", @calloc_python_sum, @calloc_python);
}
