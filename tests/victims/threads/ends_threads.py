import ctypes
import os
import sys

ctypes.CDLL(os.environ['PMF_ENDS_THREADS']).end_threads(int(sys.argv[1]))
