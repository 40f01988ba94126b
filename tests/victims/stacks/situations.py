"""Situations in which stacks are recorded: python3 situations.py LIBRARY FILE NAME. Each notes the stacks in
which it allocates; oracle.py says how."""
import os
import signal
import sys
import threading
import time

from oracle import finish, note, note_others, note_released, storm


def chain(depth):
    if depth > 1:
        return chain(depth - 1)
    note()


def two_lines():
    """P is called on two lines, and all frames above the module's are the same both times."""
    for depth in range(1, 51):
        chain(depth)
        chain(depth)


def recurse(depth):
    if depth % 900 == 0 or depth > 4990 and depth % 3 == 0:
        note()
    if depth > 1:
        recurse(depth - 1)
        if depth > 4997:
            note()


def deep():
    sys.setrecursionlimit(20000)
    threading.stack_size(512 << 20)
    thread = threading.Thread(target=recurse, args=(5000,))
    thread.start()
    thread.join()


def deep_enough():
    sys.setrecursionlimit(20000)
    for depth in 5, 300, 20, 400, 399, 401, 3:
        chain(depth)
        note()


def family():
    """Written by its caller: a size of each, and the frames that all have."""
    frames = note_others(40000)
    import json
    with open(sys.argv[2], 'w') as file:
        json.dump(frames, file)


def fork_here(depth):
    if depth:
        return fork_here(depth - 1)
    note()
    child = os.fork()
    note()
    if child:
        os.waitpid(child, 0)
        return
    chain(10)
    finish(sys.argv[2] + '.child')
    os._exit(0)


def forks():
    fork_here(20)
    chain(5)


def storms():
    """A timer whose handler allocates, in C: its calls have the stack that it interrupts. Needs
    bump_allocator.c: the handler interrupts the allocator, too."""
    storm(200)
    begin = time.monotonic()
    while time.monotonic() - begin < 0.2:
        two_lines_of(20)
    storm(0)


def two_lines_of(depth):
    chain(depth)
    chain(depth)


def handles(*_):
    note()


def python_handlers():
    signal.signal(signal.SIGUSR1, handles)
    for _ in range(50):
        os.kill(os.getpid(), signal.SIGUSR1)
        two_lines_of(3)


def threads():
    barrier = threading.Barrier(16)

    def work(number):
        barrier.wait()
        for turn in range(60):
            chain(number + turn % 7)
            note()
    started = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def released():
    """Threads that allocate at the same time, without the GIL."""
    def work(depth):
        if depth:
            work(depth - 1)
        for _ in range(20):
            note_released()
            note()
    started = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in started:
        thread.start()
    work(9)
    for thread in started:
        thread.join()


def short_threads():
    """The writer of a thread that has ended is taken over."""
    for number in range(60):
        thread = threading.Thread(target=chain, args=(number % 9 + 1,))
        thread.start()
        thread.join()


def killed():
    two_lines()
    chain(30)
    finish()
    os.kill(os.getpid(), signal.SIGKILL)


class Made:
    def __init__(self, depth):
        note()
        chain(depth)
        self.inner = Made(depth - 1) if depth else None


def constructors():
    """Calls of a class that become specialised after a few of them."""
    for _ in range(30):
        Made(4)


def reborn():
    """Code objects that die, and others at their addresses."""
    for number in range(300):
        names = {'note': note, 'chain': chain}
        exec(compile('def made_%d():\n    note()\n    chain(3)\n' % number, 'f%d' % number, 'exec'), names)
        names.pop('made_%d' % number)()


def few_stacks():
    for turn in range(3000):
        two_lines_of(turn % 5 + 1)


def repeats():
    """The same calls twice. The last ones come after the file was written, so that a ring has them."""
    for turn in range(2):
        few_stacks()
        if turn == 0:
            finish()
    os._exit(0)


globals()[sys.argv[3]]()
if sys.argv[3] != 'family':
    finish()
