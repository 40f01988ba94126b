# -*- coding: utf-8 -*-
"""The programs of the matrix (scripts/matrix): each function marked @situation is one, run under the
library by

    python situations.py NAME EXPECTED

The program itself records where it makes each allocation: it asks the interpreter on the same line
just before (sys._getframe). Sizes tell the
allocations apart. EXPECTED is written as JSON: [[size, file, line, function], ...]; line null: no
Python runs there; line negative: at that line or at none (the interpreter is being taken down).

Any Python from 3.6 on must understand this file. Exit code 77: this Python has no such thing.
"""
import ctypes
import itertools
import json
import os
import sys
import threading
import time

EXPECTED = []
SITUATIONS = {}
ABSENT = 77

_libc = ctypes.CDLL(None)  # its calls let go of the GIL
_holding = ctypes.PyDLL(None)  # these do not
malloc, holding_malloc = _libc.malloc, _holding.malloc
for _function in (malloc, holding_malloc):
    _function.argtypes, _function.restype = (ctypes.c_size_t,), ctypes.c_void_p
_sizes = itertools.count(3000017, 128)  # a debug allocator adds some bytes


def situation(function):
    SITUATIONS[function.__name__.replace('_', '-')] = function
    return function


def absent(why):
    print('absent:', why)
    sys.stdout.flush()
    os._exit(ABSENT)


def here():
    """A new size, expected at the line that calls this."""
    size = next(_sizes)
    frame = sys._getframe(1)
    EXPECTED.append([size, frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name])
    return size


def nowhere():
    size = next(_sizes)
    EXPECTED.append([size, None, None, None])
    return size


def once_known(code, offset=1, is_last=False):
    """A new size, expected in `code`, `offset` lines below its first; is_last: there or without a line."""
    size = next(_sizes)
    line = code.co_firstlineno + offset
    EXPECTED.append([size, code.co_filename, -line if is_last else line, code.co_name])
    return size


class Busy:
    """A thread that runs Python during the whole block."""

    def __enter__(self):
        self.is_on = True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while self.is_on:
            sum([number for number in range(50)])

    def __exit__(self, *exception):
        self.is_on = False
        self.thread.join()


# ------------------------------------------------------------------------------------- the language
@situation
def plain():
    malloc(here())
    holding_malloc(here())
    [malloc(here()) for _ in range(2)]
    list(malloc(here()) for _ in range(2))
    (lambda: malloc(here()))()

    class Body:
        malloc(here())

        @property
        def value(self):
            return malloc(here())
    Body().value


@situation
def generators():
    def generator():
        try:
            malloc(here())
            yield 1
            malloc(here())
            yield from inner()
        finally:
            malloc(here())

    def inner():
        yield malloc(here())
        yield 2

    list(generator())
    closed = generator()
    next(closed)
    closed.close()
    import gc
    loop = [generator()]
    next(loop[0])
    loop.append(loop)
    del loop
    gc.collect()
    malloc(here())


@situation
def asyncio_tasks():
    import asyncio

    async def task(number):
        malloc(here())
        await asyncio.sleep(0)
        malloc(here())
        async for _ in steps():
            malloc(here())

    async def steps():
        yield malloc(here())
        await asyncio.sleep(0.001)
        yield malloc(here())

    async def both():
        await asyncio.gather(task(1), task(2))

    loop = asyncio.new_event_loop()
    loop.run_until_complete(both())
    loop.run_until_complete(loop.run_in_executor(None, lambda: malloc(here())))
    loop.close()


# ---------------------------------------------------------------------------------------- code objects
@situation
def dead_code():
    source = '\n' * 7 + 'def f():\n  malloc(here())\nf()\nmalloc(here())'
    for generation in range(2000):
        exec(compile(source, 'generation%d.py' % generation, 'exec'),
             {'malloc': malloc, 'here': here})


@situation
def odd_names():
    for name in ('plain.py', '', '/', 'caf\xe9.py', '\u65e5\u672c.py', 'clef\U0001d11e.py',
                 'lone\udce9.py', 'x' * 4000, 'a b/c.py'):
        exec(compile('\nmalloc(here())', name, 'exec'), {'malloc': malloc, 'here': here})
    for name in ('g' * 4000, '\xe9t\xe9', '\u65e5\u672c', '\U0001d4d0\u0434'):
        exec('def %s(malloc=malloc, here=here):\n  malloc(here())\n%s()' % (name, name),
             {'malloc': malloc, 'here': here})


@situation
def replaced_file_name():
    import _imp
    code = compile('def f():\n  malloc(here())\nf()', 'before.py', 'exec')
    _imp._fix_co_filename(code, 'after.py')
    exec(code, {'malloc': malloc, 'here': here})
    if hasattr(code, 'replace'):
        exec(code.replace(co_filename='replaced.py', co_name='renamed'),
             {'malloc': malloc, 'here': here})


@situation
def frozen_module():
    import dis
    import importlib._bootstrap
    code = importlib._bootstrap._call_with_frames_removed.__code__
    line = [line for _, line in dis.findlinestarts(code) if line is not None][-1]
    importlib._bootstrap._call_with_frames_removed(
        malloc, once_known(code, line - code.co_firstlineno))


# --------------------------------------------------------------------------------------------- threads
@situation
def released_gil():
    def work():
        for _ in range(50):
            malloc(here())
            time.sleep(0.0001)

    with Busy():
        threads = [threading.Thread(target=work) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        for _ in range(100):
            malloc(here())


def start_c_thread(function, argument):
    thread = ctypes.c_ulong()
    start, join = _libc.pthread_create, _libc.pthread_join
    start.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    join.argtypes = (ctypes.c_ulong, ctypes.c_void_p)
    if start(ctypes.byref(thread), None, ctypes.cast(function, ctypes.c_void_p), argument) != 0:
        raise OSError('pthread_create')
    return lambda: join(thread, None)


@situation
def c_threads():
    """2,000 threads that run malloc() itself, beside a busy one."""
    with Busy():
        for _ in range(200):
            for join in [start_c_thread(malloc, nowhere()) for _ in range(10)]:
                join()


@situation
def gil_state_ensure():
    callback_type = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)

    @callback_type
    def called_back(argument):
        malloc(here())
        return 0

    with Busy():
        for _ in range(50):
            start_c_thread(called_back, None)()
    called_back(None)
    malloc(here())


@situation
def daemon_threads_at_the_end():
    def work(malloc, sizes):
        while True:
            for size in sizes: malloc(size)
    sizes = [once_known(work.__code__, 2, is_last=True) for _ in range(3)]
    for _ in range(3):
        threading.Thread(target=work, args=(malloc, sizes), daemon=True).start()
    time.sleep(0.05)


@situation
def finalisers_at_the_end():
    class Last:
        def __del__(self, malloc=holding_malloc):
            malloc(self.size)
    last = Last()
    last.size = once_known(Last.__del__.__code__)
    last.loop = last
    sys.last_one = Last()
    sys.last_one.size = once_known(Last.__del__.__code__, is_last=True)


@situation
def signal_handlers():
    import signal

    def handler(number, frame):
        malloc(here())

    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    end = time.time() + 0.2
    while time.time() < end:
        malloc(here())
    signal.setitimer(signal.ITIMER_REAL, 0)


def main(name, expected):
    SITUATIONS[name]()
    # Before the end, so that what is expected of the end is in it.
    with open(expected, 'w') as file:
        json.dump(EXPECTED, file)


if __name__ == '__main__':
    # Other modules of situations register their functions in this one.
    sys.modules['situations'] = sys.modules['__main__']
    import situations_beside  # noqa: F401
    main(*sys.argv[1:])
