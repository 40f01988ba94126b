"""Allocates until a handler that allocates has interrupted it often enough."""
import ctypes
import os
import signal
import sys

import cMemLeak

library = ctypes.CDLL(os.environ['PMF_SIGNAL_ALLOCATES'])


def churn(times):
    while library.handled_signals() < times:
        for _ in range(1000):
            cMemLeak.free(cMemLeak.malloc(5000))


def churn_and_move(times):
    while library.handled_signals() < times:
        for _ in range(1000):
            cMemLeak.realloc(cMemLeak.malloc(50), 100)


def once():
    library.realloc_and_raise(signal.SIGUSR1)


way, times = sys.argv[1], int(sys.argv[2])
if way == 'once':
    library.install(signal.SIGUSR1)
    once()
else:
    library.install(signal.SIGALRM)
    library.set_timer(1000)
    (churn_and_move if way == 'move' else churn)(times)
    library.set_timer(0)
print(library.handled_signals())
