"""Allocates, and ends in the way that the argument names."""
import ctypes
import os
import signal
import sys
import threading

import cMemLeak
import leak


def allocate_for_ever(started):
    while True:
        cMemLeak.free(cMemLeak.malloc(5000))
        started.set()


def leave_daemons():
    for _ in range(2):
        started = threading.Event()
        threading.Thread(target=allocate_for_ever, args=(started,), daemon=True).start()
        started.wait()


def exit_of_a_thread():
    threading.Thread(target=ctypes.CDLL(None).exit, args=(3,)).start()
    threading.Event().wait()


WAYS = {'normal': lambda: None, 'exit': lambda: sys.exit(3), 'exception': lambda: 1 / 0,
        '_exit': lambda: os._exit(3), 'abort': os.abort, 'daemons': leave_daemons,
        'segv': lambda: os.kill(os.getpid(), signal.SIGSEGV), 'exit-of-a-thread': exit_of_a_thread}
leak.before()
print('out')
sys.stdout.flush()
os.write(2, b'err\n')
leak.after()
WAYS[sys.argv[1]]()
