"""Allocates blocks of the C library; a forked child frees them and allocates others."""
import ctypes
import os

C = ctypes.CDLL(None)
C.malloc.restype = ctypes.c_void_p
C.free.argtypes = [ctypes.c_void_p]
C.malloc(0)
C.free(None)
blocks = [None] * 20


def in_parent():
    for number in range(20):
        blocks[number] = C.malloc(1000)


def in_child():
    for block in blocks:
        C.free(block)
    for _ in range(3):
        C.malloc(1000)


in_parent()
child = os.fork()
if child == 0:
    in_child()
    os._exit(0)
os.waitpid(child, 0)
print(child)
