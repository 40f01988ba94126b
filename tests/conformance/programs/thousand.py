"""A thousand events and more, from everything that enters, leaves or repeats a line."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cMemLeak

M = cMemLeak.malloc
F = cMemLeak.free
C = cMemLeak.calloc


def pair(size):
    F(M(size))


def nested(depth):
    M(1000 + depth)
    if depth:
        nested(depth - 1)
        M(2000 + depth)
    return depth


def numbers(count):
    for number in range(count):
        M(3000 + number)
        yield number
        F(0)


def delegate(count):
    result = yield from numbers(count)
    M(3500)
    return result


class Resource:
    def __init__(self, size):
        self.block = M(size)

    def __enter__(self):
        M(4001)
        return self

    def __exit__(self, *_):
        F(self.block)

    def __del__(self):
        M(4002)


class Number:
    def __add__(self, other):
        M(4100)
        return other

    @property
    def half(self):
        return M(4101)

    def __getattr__(self, name):
        M(4102)
        raise AttributeError(name)


def fail(depth):
    if depth:
        fail(depth - 1)
    M(5000)
    raise LookupError(depth)


def guarded(depth):
    try:
        fail(depth)
    except LookupError:
        M(5001)
    else:
        M(5002)
    finally:
        M(5003)


def one_turn(turn):
    pair(6000 + turn); M(6100)
    block = C(turn, 7); F(block)
    for size in (M(6200), nested(3), M(6201)): M(6300)
    total = sum(delegate(4)); M(6301)
    with Resource(6400) as resource: M(6401)
    with Resource(6402):
        M(6403)
    del resource
    guarded(3); M(6500)
    number = Number()
    number + 1; M(6501)
    (number.half,
     M(6502),
     getattr(number, 'missing', M(6503)))
    [M(6600 + i) for i in range(3)]; M(6603)
    {i: M(6700 + i) for i in range(2)}
    sorted((3, 1, 2), key=lambda i: M(6800 + i)); M(6804)
    while turn:
        turn -= 1; M(6900); pair(6901)
    M(7000) if total else pair(7001)
    return (lambda: (yield M(7002)))()


def main():
    for turn in range(24):
        for _ in one_turn(turn): M(8000)
    thread = threading.Thread(target=one_turn, args=(1,))
    thread.start()
    thread.join()


def oracle_end():
    pass


sys.stdin.readline()
main()
oracle_end(); time.sleep(4)
