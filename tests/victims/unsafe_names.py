"""Leaks in a function, a file and marks whose names turn the direction of text, or end a line."""
import ctypes
import sys
import types

NAME = 'a\u202eb\u2069c\u2028d'
libc = ctypes.CDLL(None)
malloc = libc.malloc
malloc.restype, malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)

code = compile('def leak():\n    return malloc(1000)\n', '/tmp/%s/%s.py' % (NAME, NAME), 'exec')
body = next(each for each in code.co_consts if isinstance(each, types.CodeType))
leak = types.FunctionType(body.replace(co_name=NAME), {'malloc': malloc}, NAME)
for _ in range(3):
    if hasattr(libc, 'pymemflow_mark'):
        libc.pymemflow_mark(NAME.encode())
    leak()
