"""What probes must see: returns within a line, threads, a tracer of its own, long and wide code."""
import os
import sys
import threading

import cMemLeak

M, F = cMemLeak.malloc, cMemLeak.free


def callee(size):
    return M(size)


def one_line():
    p = M(1001)
    v = (callee(1002), M(1003), F(p))


def in_thread():
    M(1101)
    callee(1102); M(1103)


def threads():
    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()


def fork():
    callee(1200); pid = os.fork(); M(1201)
    M(1202 if pid == 0 else 1203)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


for name in sys.argv[1:]:
    globals()[name]()
