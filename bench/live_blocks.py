"""Runs bench/live_blocks.c: live_blocks.py LIBRARY LIVE EVENTS. The calls come from eight lines in turn."""
import ctypes
import sys

CALLS_AT_ONCE = 5000


def main(path, live, events):
    # With the GIL held, as an extension's code runs.
    library = ctypes.PyDLL(path)
    library.begin_blocks.argtypes = library.change_blocks.argtypes = [ctypes.c_uint64]
    library.change_blocks.restype = None
    if library.begin_blocks(live) != 0:
        return 'live_blocks.py: no memory for %d blocks' % live
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
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
