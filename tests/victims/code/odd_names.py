"""Leaks 1000 bytes each in functions, files and marks whose names have control characters."""
import ctypes
import types

malloc = ctypes.CDLL(None).malloc
malloc.restype, malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
# Names that set the window's title, set a colour, clear the screen, or are not allowed in XML.
NAMES = ('\x1b]0;title\x07', '\x1b[31m', '\x9b2J', 'a\x7f\r\x08', '\uffff\ufffe', '<&">|`%0A::')


def make(name):
    code = compile('def leak():\n    return malloc(1000)\n', '/tmp/%s/%s.py' % (name, name), 'exec')
    body = next(each for each in code.co_consts if isinstance(each, types.CodeType))
    return types.FunctionType(body.replace(co_name=name), {'malloc': malloc}, name)


for each in NAMES:
    make(each)()
library = ctypes.CDLL(None)
if hasattr(library, 'pymemflow_mark'):
    for _ in range(2):
        library.pymemflow_mark(NAMES[0].encode())
        malloc(1000)
