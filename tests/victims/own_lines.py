"""Allocates in frames that C code made: own_lines.py LIBRARY KIND. Prints the lines that the
interpreter itself gives for these frames.

KIND: made (by PyFrame_New), typed (its object has a type of its own, as Nuitka's have), late (it has
no line at its first allocation), codes (many code objects, which die).
"""
import ctypes
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'pyframe'))
import probe  # noqa: E402

LIBRARY, KIND = sys.argv[1:3]
SIZE = 40000
OFFSETS = {name: int(value) for name, value in
           (line.split('=') for line in probe.layout_text().splitlines())}
LINES = [0, 7, 1000, 7, 5, 70000, 2000000] if KIND == 'late' else [4, 5, 4, 1000, 70000, 2000000]

if os.environ.get('PMF_LOOKS_GREENLET_UP'):
    try:
        ctypes.PyDLL(LIBRARY).PyInit__greenlet
    except AttributeError:
        pass

api = ctypes.pythonapi
library = ctypes.PyDLL(LIBRARY)
allocate = library.allocate_on_lines
allocate.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int,
                     ctypes.c_size_t)
api.PyThreadState_Get.restype = ctypes.c_void_p
api.PyCode_NewEmpty.restype = ctypes.py_object
api.PyCode_NewEmpty.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int)
api.PyFrame_New.restype = ctypes.py_object
api.PyFrame_New.argtypes = (ctypes.c_void_p, ctypes.py_object, ctypes.py_object, ctypes.c_void_p)


def pointer(address):
    return ctypes.c_void_p.from_address(address)


class Frame(object):
    """Stands for the type of compiled frames."""


def has_frame_objects():
    """Up to 3.10 the running frame is an object."""
    return sys.version_info < (3, 11)


def run(name, lines, size):
    code = api.PyCode_NewEmpty(b'compiled.py', name, 3)
    state = api.PyThreadState_Get()
    frame = api.PyFrame_New(state, code, {}, None)
    address = id(frame)
    growth = OFFSETS['header_growth']
    running = state + OFFSETS['tstate_frame']
    if OFFSETS['cframe_current'] or sys.version_info[:2] == (3, 12):
        running = pointer(running).value + OFFSETS['cframe_current']
    inner = address
    if not has_frame_objects():
        inner = pointer(address + 24 + growth).value
        pointer(inner + OFFSETS['frame_object']).value = address
    own = (ctypes.c_int * len(lines))(*lines)
    line = address + OFFSETS['object_line']
    its_type = pointer(address + 8 + growth)
    real_type = its_type.value
    if KIND == 'typed':
        its_type.value = id(Frame)
    allocate(running, inner, line, own, len(lines), size)
    its_type.value = real_type
    said = []
    for each in lines:
        ctypes.c_int.from_address(line).value = each
        said.append(frame.f_lineno)
    ctypes.c_int.from_address(line).value = 0
    return said


if KIND == 'codes':
    for number in range(300):
        run(b'f%d' % number, [number + 1, number + 2], SIZE + 2 * number)
else:
    print(run(b'compiled', LINES, SIZE))
