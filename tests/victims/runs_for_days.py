"""A day in short: rounds of short-lived threads, libraries that are loaded and unloaded, and calls
from the same lines; with "new-code" also code that is compiled, run and discarded. Prints the memory
in use after a quarter of the rounds, after half of them, and at the end.

    runs_for_days.py ROUNDS steady|new-code FILE LIBRARY
"""
import _ctypes
import gc
import os
import sys
import threading

import cMemLeak
from used import used


def allocate():
    for size in range(1, 101):
        cMemLeak.free(cMemLeak.malloc(size))


def compile_and_run(number):
    scope = {}
    exec(compile('def made_%d(malloc, free):\n    free(malloc(8))\n' % number, 'new.py', 'exec'), scope)
    scope['made_%d' % number](cMemLeak.malloc, cMemLeak.free)


rounds, kind, file, library = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
for number in range(1, rounds + 1):
    thread = threading.Thread(target=allocate)
    thread.start()
    thread.join()
    _ctypes.dlclose(_ctypes.dlopen(library, os.RTLD_NOW))
    if kind == 'new-code':
        compile_and_run(number)
    if number in (rounds // 4, rounds // 2, rounds):
        gc.collect()
        print(*used(file))
