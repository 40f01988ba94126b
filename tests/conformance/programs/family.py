"""The functions of the allocator family that are not probed, some of which reach one that is."""
import ctypes
import sys
import time

libc = ctypes.CDLL(None)
P, N = ctypes.c_void_p, ctypes.c_size_t
for name, result, arguments in (
        ('free', None, [P]), ('malloc', P, [N]), ('realloc', P, [P, N]), ('reallocarray', P, [P, N, N]),
        ('aligned_alloc', P, [N, N]), ('memalign', P, [N, N]), ('valloc', P, [N]), ('pvalloc', P, [N]),
        ('posix_memalign', ctypes.c_int, [ctypes.POINTER(P), N, N])):
    getattr(libc, name).restype = result
    getattr(libc, name).argtypes = arguments
block = P()


def family():
    a = libc.realloc(None, 10001)
    b = libc.reallocarray(None, 3, 3334)
    libc.free(a)
    a = libc.realloc(b, 10003)
    b = libc.realloc(a, 0)
    for alignment in (1, 8, 16, 32, 4096):
        a = libc.memalign(alignment, 11000 + alignment)
        libc.free(a)
    for alignment in (8, 16, 64):
        a = libc.aligned_alloc(alignment, 12032)
        libc.free(a)
    for alignment in (8, 16, 128):
        libc.posix_memalign(block, alignment, 13000 + alignment)
        libc.free(block)
    libc.free(libc.valloc(14000))
    libc.free(libc.pvalloc(15000))
    a = libc.malloc(16000)
    libc.reallocarray(a, 0, 16)


def oracle_end():
    pass


sys.stdin.readline()
family()
oracle_end(); time.sleep(4)
