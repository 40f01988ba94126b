"""Calls every function of the library PMF_ALLOCATOR_CALLS_LIBRARY, and prints the outcomes."""
import ctypes
import os
import sys

library = ctypes.CDLL(os.environ['PMF_ALLOCATOR_CALLS_LIBRARY'])
library.call_all.restype = ctypes.c_void_p


def call():
    return library.call_all()


text = call()
sys.stdout.write(ctypes.string_at(text).decode())
