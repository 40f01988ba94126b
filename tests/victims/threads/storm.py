"""Runs storm.c for a number of milliseconds; prints its counts."""
import ctypes
import os
import sys

storm = ctypes.CDLL(os.environ['PMF_STORM'])
storm.storm(os.fsencode(os.environ['PMF_LOADED']), int(sys.argv[1]))
print(*[ctypes.c_long.in_dll(storm, name).value
        for name in ('churned', 'handled', 'loaded', 'forked', 'failed')])
