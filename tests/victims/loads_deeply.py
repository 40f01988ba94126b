import ctypes
import os
import sys

library = ctypes.CDLL(os.environ['PMF_LOADS_DEEPLY'])


def load_and_allocate():
    return library.load(sys.argv[1].encode(), int(sys.argv[2]), 20)


sys.exit(load_and_allocate())
