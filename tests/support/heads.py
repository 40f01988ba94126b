"""The beginnings of programs that tests run with -c: functions that several of them need."""
import os

import built

PACKAGE = os.path.join(built.ROOT, 'python')
# The module pymemflow, malloc() and free() of the C library, and raises(Error, function, *arguments).
HEAD = '''
import ctypes, sys
sys.path.insert(0, %r)
import pymemflow
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
free.restype, free.argtypes = None, (ctypes.c_void_p,)
def raises(kind, function, *arguments):
    try:
        function(*arguments)
    except kind as error:
        return error
    raise AssertionError('nothing was raised')
''' % PACKAGE

# A whole program: it leaks through a C library of the test's own, which has keep(bytes) and keep_in_a_thread().
CALLS_KEEP = '''
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
def leak():
    library.keep(50000)
    library.keep_in_a_thread()
leak()
'''
