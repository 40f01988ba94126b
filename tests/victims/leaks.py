"""Calls a function of tests/victims/native/leaks.cpp, from one line that does nothing else."""
import ctypes
import sys

leak_by = ctypes.CDLL(sys.argv[1]).leak_by
name = sys.argv[2].encode()
leak_by(b'no such way')  # whatever ctypes makes at the first call


def leak():
    leak_by(name)


leak()
