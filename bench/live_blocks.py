"""Runs bench/live_blocks.c: live_blocks.py LIBRARY LIVE EVENTS [held|released|foreign|serial].

The calls come from eight lines in turn, with the GIL held, as an extension's code runs, or released; or
from a thread of C, without a line. "serial": as "held", and each block is chosen after the one before was
read. Prints the nanoseconds of processor time, and of time, that a call takes once all blocks are live (not
on a thread of C).
"""
import ctypes
import sys
import time

CALLS_AT_ONCE = 5000


def main(path, live, events, gil='held'):
    library = ctypes.PyDLL(path) if gil in ('held', 'serial') else ctypes.CDLL(path)
    change = library.change_blocks_serially if gil == 'serial' else library.change_blocks
    functions = library.begin_blocks, change, library.change_blocks_in_thread
    for function in functions:
        function.argtypes = [ctypes.c_uint64]
    change.restype = None
    if library.begin_blocks(live) != 0:
        return 'live_blocks.py: no memory for %d blocks' % live
    if gil == 'foreign':
        return library.change_blocks_in_thread(events)
    groups, filling = events // (8 * CALLS_AT_ONCE), -(-live // (8 * CALLS_AT_ONCE))
    start = ()
    for group in range(groups):
        if group == filling:
            start = time.process_time(), time.perf_counter()
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
    if start:
        calls = (groups - filling) * 8 * CALLS_AT_ONCE
        print(*('%.2f' % ((end - begin) / calls * 1e9)
                for begin, end in zip(start, (time.process_time(), time.perf_counter()))))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:]))
