"""Ends the interpreter by its API while frames of Python run, in the way that the argument names. A finaliser
allocates before."""
import ctypes
import os
import sys

import cMemLeak

api = ctypes.pythonapi


class Last:
    # The names of modules are gone when it runs.
    def after(self, malloc=cMemLeak.malloc, sizes=tuple(range(30000, 30100))):
        for size in sizes:
            malloc(size)
    __del__ = after


def before():
    for size in range(77000, 77100):
        cMemLeak.malloc(size)


def py_exit():
    api.Py_Exit(8)


def simple_string():
    api.PyRun_SimpleString(b"import sys; sys.exit(8)")


def deep(depth=700):
    # On 3.11 and later such frames take several chunks of memory.
    a = b = c = d = e = f = g = h = depth
    if depth == 0:
        py_exit()
    deep(depth - 1)
    return a, b, c, d, e, f, g, h


def child():
    pid = os.fork()
    if pid == 0:
        py_exit()
    assert os.waitpid(pid, 0)[1] == 8 << 8
    py_exit()


WAYS = {'Py_Exit': py_exit, 'PyRun_SimpleString': simple_string, 'deep': deep, 'child': child}
before()
last = Last()
WAYS[sys.argv[1]]()
