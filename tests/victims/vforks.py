"""Runs vforks.c, and allocates before and after it."""
import ctypes
import os

import leak

leak.before()
print(ctypes.CDLL(os.environ['PMF_VFORKS']).vfork_often(50))
leak.after()
