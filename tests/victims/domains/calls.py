"""Calls each function of Python's allocators, and prints each call as a report must have it."""
import ctypes

SIZES = 0, 1, 512, 513, 2000
GROWTH = 13
BLOCK, SIZE = ctypes.c_void_p, ctypes.c_size_t


def function(name, result, *arguments):
    found = getattr(ctypes.pythonapi, name)
    found.restype, found.argtypes = result, arguments
    return found


def note(name, arguments, result=None):
    print('%s(%s)%s' % (name, ', '.join(map(str, arguments)),
                        '' if result is None else ' pntr 0x%x' % result))


def call(prefix, size):
    malloc = function(prefix + 'Malloc', BLOCK, SIZE)
    calloc = function(prefix + 'Calloc', BLOCK, SIZE, SIZE)
    realloc = function(prefix + 'Realloc', BLOCK, BLOCK, SIZE)
    free = function(prefix + 'Free', None, BLOCK)
    first = malloc(size)
    note(prefix + 'Malloc', [size], first)
    moved = realloc(first, size + GROWTH)
    note(prefix + 'Realloc', [hex(first), size + GROWTH], moved)
    free(moved)
    note(prefix + 'Free', [hex(moved)])
    # The size is that of no other call.
    cleared = calloc(1, size + 2 * GROWTH)
    note(prefix + 'Calloc', [1, size + 2 * GROWTH], cleared)
    assert ctypes.string_at(cleared, size) == bytes(size)
    free(cleared)
    note(prefix + 'Free', [hex(cleared)])


if __name__ == '__main__':
    for domain in 'PyMem_Raw', 'PyMem_', 'PyObject_':
        for each in SIZES:
            call(domain, each)
