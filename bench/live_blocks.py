"""Runs bench/live_blocks.c: live_blocks.py LIBRARY LIVE EVENTS [held|released|foreign].

The calls come from eight lines in turn, with the GIL held, as an extension's code runs, or released; or
from a thread of C, without a line.
"""
import ctypes
import sys

CALLS_AT_ONCE = 5000


def main(path, live, events, gil='held'):
    library = ctypes.PyDLL(path) if gil == 'held' else ctypes.CDLL(path)
    functions = library.begin_blocks, library.change_blocks, library.change_blocks_in_thread
    for function in functions:
        function.argtypes = [ctypes.c_uint64]
    library.change_blocks.restype = None
    if library.begin_blocks(live) != 0:
        return 'live_blocks.py: no memory for %d blocks' % live
    if gil == 'foreign':
        return library.change_blocks_in_thread(events)
    change = library.change_blocks
    for _ in range(events // (8 * CALLS_AT_ONCE)):
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
        change(CALLS_AT_ONCE)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:]))
