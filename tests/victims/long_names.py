"""200,000 calls of malloc from 1,000 lines of one function, whose name has a megabyte."""
import ctypes
import types

LINES, ROUNDS = 1000, 100
libc = ctypes.CDLL(None)
malloc, free = libc.malloc, libc.free
malloc.restype, malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
free.restype, free.argtypes = None, (ctypes.c_void_p,)

code = compile('def calls():\n' + '    free(malloc(10))\n' * LINES, 'long_names.py', 'exec')
body = next(each for each in code.co_consts if isinstance(each, types.CodeType))
calls = types.FunctionType(body.replace(co_name='x' * 1000000), {'malloc': malloc, 'free': free})
for _ in range(ROUNDS):
    calls()
kept = [malloc(1000) for _ in range(10)]
