"""Runs bench/threads.c and prints seconds of time and of processor time: threads.py LIBRARY THREADS EVENTS EXCHANGED. EXCHANGED is of 1000
rounds; "handed": every block is handed from one of two threads to the other."""
import ctypes
import resource
import sys


def main(path, threads, events, exchanged):
    library = ctypes.CDLL(path)
    library.run_threads.restype = library.run_handing_over.restype = ctypes.c_double
    before = resource.getrusage(resource.RUSAGE_SELF)
    if exchanged == 'handed':
        seconds = library.run_handing_over(ctypes.c_long(int(events)))
    else:
        seconds = library.run_threads(int(threads), ctypes.c_long(int(events)), int(exchanged))
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
