"""Random programs: python3 random_programs.py LIBRARY FILE SEED STACKS. Each call goes one of many ways, from
one of several lines, so that the same functions run at the same addresses under different callers."""
import asyncio
import ctypes
import functools
import random
import sys
import threading

from oracle import finish, note, noted

rng = random.Random(int(sys.argv[3]))
wanted = int(sys.argv[4])
MAX_DEPTH = 90
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
sort = ctypes.CDLL(None).qsort
sort.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, COMPARE]
sort.restype = None


def twice(depth):
    go(depth)
    go(depth - rng.randrange(9))


def wrapped(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        note()
        return function(*arguments)
    return wrapper


@wrapped
def decorated(depth):
    go(depth)


def by_key(depth):
    sorted(range(2), key=lambda _: go(depth) or 0)


def by_map(depth):
    list(map(go, [depth, depth // 2]))


def in_comprehension(depth):
    [go(depth) for _ in range(2)]
    {n: note() for n in range(2)}


def in_class(depth):
    class Body:
        note()
        go(depth)

        def method(self):
            go(depth)
    Body().method()


def by_callback(depth):
    def call(_):
        go(depth)
        return 0
    CALLBACK(call)(1)


def by_sort(depth):
    def compare(_, __):
        go(depth)
        return 1
    numbers = (ctypes.c_int * 2)(1, 2)
    sort(numbers, 2, ctypes.sizeof(ctypes.c_int), COMPARE(compare))


def produce():
    """Resumed from wherever its next value is asked for."""
    while True:
        note()
        if rng.random() < 0.2:
            yield from produce_some()
        yield note()


def produce_some():
    for _ in range(rng.randrange(3)):
        note()
        yield


generators = [produce() for _ in range(5)]


def resume(depth):
    generator = rng.choice(generators)
    if generator.gi_running:
        return go(depth)
    next(generator)
    if not generator.gi_running:
        next(generator)
    go(depth)


class Error(Exception):
    pass


def fall(depth):
    """An exception through up to 100 frames."""
    if depth <= 0:
        note()
        raise Error
    try:
        fall(depth - 1)
    finally:
        if rng.random() < 0.1:
            note()


def catch(depth):
    try:
        fall(rng.randrange(100))
    except Error:
        note()
    go(depth)


def execute(depth):
    """Code that dies, and is born again at its address under another name."""
    for _ in range(3):
        name = 'made_%d' % rng.randrange(1000)
        namespace = {'go': go, 'note': note}
        padding = 'x = 1\n' * rng.randrange(2)
        exec(compile('def %s(depth):\n    note()\n    go(depth)\n%s' % (name, padding), name, 'exec'), namespace)
        namespace[name](depth // 4)


class Awaitable:
    def __await__(self):
        note()
        yield
        note()


async def task(depth):
    note()
    await Awaitable()
    go(depth)
    if depth > 0:
        await task(depth - 1)
    note()


def run_tasks(depth):
    async def main():
        await asyncio.gather(*(task(rng.randrange(4)) for _ in range(4)))
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
    go(depth)


def run_threads(depth):
    threads = [threading.Thread(target=go, args=(rng.randrange(20),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    go(depth)
    for thread in threads:
        thread.join()


WAYS = [twice, twice, twice, decorated, by_key, by_map, in_comprehension, in_class, by_callback, by_sort,
        resume, resume, catch, execute]
RARE = [run_tasks, run_threads]
local = threading.local()


def go(depth):
    note()
    depth -= 1
    if depth <= 0 or len(noted) >= wanted or rng.random() < 0.25:
        return
    ways = WAYS
    is_free = not getattr(local, 'is_busy', False) and threading.current_thread() is threading.main_thread()
    if is_free and rng.random() < 0.02:
        ways = RARE
        local.is_busy = True
    rng.choice(ways)(depth)
    if ways is RARE:
        local.is_busy = False


def start():
    try:
        import greenlet
    except ImportError:
        greenlet = None
    while len(noted) < wanted:
        go(rng.randrange(MAX_DEPTH))
        if greenlet is not None:
            switch(greenlet)


def switch(greenlet):
    def play(depth):
        go(depth)
        other.switch()
        go(depth)
    def answer():
        go(10)
        first.switch()
    first, other = greenlet.greenlet(play), greenlet.greenlet(answer)
    first.switch(10)
    note()


start()
finish()
