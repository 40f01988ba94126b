"""The Python half of pyframe_probe.cpp: loads it, and compares the results of both sides."""
import ctypes
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from versions import LAST_KNOWN  # noqa: E402 (found by the line above)

SIZE = 65536

_path = os.environ["PMF_PYFRAME_PROBE"]
holding = ctypes.PyDLL(_path)  # calls keep the GIL
released = ctypes.CDLL(_path)  # calls release it

_ours = ctypes.create_string_buffer(SIZE)
_theirs = ctypes.create_string_buffer(SIZE)
# Call one of these with *BUFFERS at the place to be named, then agree().
BUFFERS = (_ours, _theirs, SIZE)
with_gil = holding.probe_compare_with_gil
without_gil = released.probe_compare_without_gil
take_destruction = holding.probe_take_destruction
for _library in (holding, released):
    _library.probe_deaths.restype = ctypes.c_long
    _library.probe_deaths_while_current.restype = ctypes.c_long
    _library.probe_nanoseconds.restype = ctypes.c_double
    _library.probe_lines.argtypes = (ctypes.py_object, ctypes.c_void_p, ctypes.c_int)
    _library.probe_is_described.argtypes = (ctypes.c_void_p,)

compared = 0


def fail(*words):
    print("FAILED:", *[ascii(word) if isinstance(word, bytes) else word for word in words])
    sys.stdout.flush()
    os._exit(1)


def agree(name, filename=None, ours=_ours, theirs=_theirs):
    """Both said the same of the last comparison, and it is the function `name`."""
    global compared
    if ours.value != theirs.value:
        fail(name, "pyframe:", ours.value, "interpreter:", theirs.value)
    file_said, name_said = ours.value.split(b"\n")[:2]
    if name_said != name.encode("utf-8", "surrogatepass"):
        fail("in", name, "pyframe said", name_said)
    if filename is not None and file_said != filename.encode("utf-8", "surrogatepass"):
        fail("in", ascii(filename), "pyframe said", file_said)
    ours.value = theirs.value = b""
    compared += 1


_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)


def make_asking():
    """An object that asks at its destruction, from C. See take_destruction."""
    return _new_capsule(1, None, ctypes.cast(holding.probe_destroy, ctypes.c_void_p))


def status():
    out = ctypes.create_string_buffer(256)
    code = holding.probe_status(out, 256)
    version, reason = out.value.decode().split("\n")
    return ("absent", "known", "unknown")[code], version, reason


def layout_text():
    """The offsets in use, "name=value" lines."""
    out = ctypes.create_string_buffer(4096)
    holding.probe_layout(out, 4096)
    return out.value.decode()


def require_known():
    """Ends the test where this interpreter has no row: refused then, and so nothing to compare."""
    known, version, reason = status()
    if sys.version_info[:2] <= LAST_KNOWN:
        if known != "known":
            fail("this interpreter is", known, reason)
    else:
        if known != "unknown":
            fail("an interpreter without a row is", known)
        print("skipped:", version, reason)
        sys.exit(77)
