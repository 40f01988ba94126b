"""Starts twenty C threads that Python does not know, each with a malloc and a calloc."""
import ctypes
import os

ctypes.CDLL(os.environ['PMF_VICTIM']).victim_threads(20, ctypes.c_size_t(3000000))
