"""Calls mmap(), munmap() and mremap() of the C library in many ways, and prints what each returned and its
errno. Addresses are printed as differences."""
import ctypes
import mmap
import os
import sys

PAGE = 4096
NONE, READ, WRITE = 0, 1, 2
SHARED, PRIVATE, FIXED, ANON = 1, 2, 0x10, 0x20
GROWSDOWN, NORESERVE, STACK, NO_REPLACE = 0x100, 0x4000, 0x20000, 0x100000
MAY_MOVE, TO_FIXED, DONT_UNMAP = 1, 2, 4
FAILED = ctypes.c_void_p(-1).value

c = ctypes.CDLL(None, use_errno=True)


def function(name, result, *arguments):
    found = getattr(c, name)
    found.restype, found.argtypes = result, arguments
    return found


pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
c_mmap = function('mmap', pointer, pointer, size, number, number, number, ctypes.c_long)
c_mmap64 = function('mmap64', pointer, pointer, size, number, number, number, ctypes.c_long)
c_munmap = function('munmap', number, pointer, size)
c_mremap = function('mremap', pointer, pointer, size, size, number, pointer)


def get(pages, address=0, protection=READ | WRITE, flags=PRIVATE | ANON, call=c_mmap):
    ctypes.set_errno(4242)
    return call(address, pages * PAGE, protection, flags, -1, 0)


def give(address, pages):
    ctypes.set_errno(4242)
    return c_munmap(address, pages * PAGE)


def move(address, pages, new, flags=MAY_MOVE, to=0):
    ctypes.set_errno(4242)
    return c_mremap(address, pages * PAGE, new * PAGE, flags, to)


def say(what, value, base=0):
    if value is not None and base and value != FAILED:
        value -= base
    print(what, value, ctypes.get_errno())


def line_of_leak():
    return get(7)


def parts():
    """4 + 2 + 6 pages are live at the end."""
    base = get(16)
    say('mapped', base != FAILED)
    say('hole', give(base + 4 * PAGE, 4))
    say('over', get(4, base + 10 * PAGE, flags=PRIVATE | ANON | FIXED, call=c_mmap64), base)
    say('end', give(base + 14 * PAGE, 2))
    say('again', get(2, base + 5 * PAGE, flags=PRIVATE | ANON | FIXED), base)
    say('twice', give(base + 4 * PAGE, 1))
    say('taken', get(1, base, flags=PRIVATE | ANON | NO_REPLACE))


def moves():
    base = get(3)
    moved = move(base, 3, 50)
    say('moved', moved != FAILED)
    ctypes.memset(moved + 49 * PAGE, 1, PAGE)
    say('shrunk', move(moved, 50, 5) == moved)
    other = get(20)
    say('fixed', move(moved, 5, 5, MAY_MOVE | TO_FIXED, other + 2 * PAGE), other)
    say('does not fit', move(other + 2 * PAGE, 5, 1 << 30, 0))
    say('not mapped', move(moved, 5, 6))
    say('unaligned', move(other + 1, 1, 2))
    say('nothing', give(other, 0))
    say('unaligned', give(other + 1, 1))
    say('all', give(other, 20))


def kinds():
    """Address space that cannot be accessed, stacks, and what fails."""
    reserved = get(1 << 20, protection=NONE, flags=PRIVATE | ANON | NORESERVE)
    say('used', get(2, reserved, flags=PRIVATE | ANON | FIXED) == reserved)
    say('stack', get(8, flags=PRIVATE | ANON | STACK) != FAILED)
    say('grows down', get(8, flags=PRIVATE | ANON | GROWSDOWN) != FAILED)
    say('too much', get(1 << 50), 0)
    say('no flags', get(1, flags=ANON), 0)
    say('no size', get(0), 0)
    with open(sys.argv[0], 'rb') as file:
        kept.append(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))  # of a file
    kept.append(mmap.mmap(-1, 9 * PAGE))  # shared
    grown = mmap.mmap(-1, 9 * PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)  # before it grew
    grown.resize(11 * PAGE)  # resized
    kept.append(grown)
    gone = mmap.mmap(-1, 100 * PAGE)
    gone.close()


kept = []
ways = {'parts': [parts], 'moves': [moves], 'kinds': [kinds], 'all': [parts, moves, kinds]}
for way in ways[sys.argv[1]]:
    way()
line_of_leak()
sys.stdout.flush()
os._exit(0)  # what is kept is live at the end
