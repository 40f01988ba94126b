"""Code that probes must handle: returns within a line, threads, its own tracer, long and wide code."""
import os
import sys

import cMemLeak

M, F = cMemLeak.malloc, cMemLeak.free


def callee(size):
    return M(size)


def one_line():
    p = M(1001)
    v = (callee(1002), M(1003), F(p))


def spin(items):
    while True: M(1400) if items else M(1401); callee(1402); items.pop()


def loop():
    for _ in range(2):
        try:
            spin([1, 2])
        except IndexError:
            pass


def in_thread():
    M(1101)
    callee(1102); M(1103)


def threads():
    import threading  # would be called after a fork
    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()


def fork():
    callee(1200)
    pid = os.fork(); M(1201)
    callee(1202); M(1203)
    M(1204 if pid == 0 else 1205)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


for name in sys.argv[1:]:
    globals()[name]()
