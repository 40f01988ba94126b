"""Twenty threads of C, which Python knows nothing of: a malloc and a calloc each."""
import ctypes
import os

ctypes.CDLL(os.environ['PMF_VICTIM']).victim_threads(20, ctypes.c_size_t(3000000))
