"""Allocates, and ends in the way that is asked for."""
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
        thread = threading.Thread(target=allocate_for_ever, args=(started,))
        thread.daemon = True
        thread.start()
        started.wait()


leak.before()
print('out')
sys.stdout.flush()
os.write(2, b'err\n')
leak.after()
way = sys.argv[1]
if way == 'exit':
    sys.exit(3)
elif way == 'exception':
    raise ValueError('nobody catches this')
elif way == '_exit':
    os._exit(3)
elif way == 'abort':
    os.abort()
elif way == 'segv':
    os.kill(os.getpid(), signal.SIGSEGV)
elif way == 'daemons':
    leave_daemons()
elif way == 'exit-of-a-thread':
    import ctypes
    threading.Thread(target=ctypes.CDLL(None).exit, args=(3,)).start()
    threading.Event().wait()
