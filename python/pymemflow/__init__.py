"""Marks, sections and limits for a Python program that runs under pymemflow.

    import pymemflow

    pymemflow.mark("cache is warm")         a moment of the record, by name
    with pymemflow.trace("load"):           two of them: "load begin", "load end"
        ...
    bytes, blocks = pymemflow.outstanding()

    @pymemflow.limit_leaks("64KiB")         raises LeakError when a call leaks more
    def handle(request): ...

It finds the library that was preloaded into this process (`pymemflow run`, `pymemflow gate`,
LD_PRELOAD, or on macOS DYLD_INSERT_LIBRARIES). When there is none, each function says so once, in a
warning of the category NotPreloaded, and then does nothing and costs next to nothing; `python -W
error::UserWarning` makes an error of it.

One file, ctypes alone; Python 3.6 to 3.15; any thread.
"""
import contextlib
import ctypes
import errno
import functools
import gc
import itertools
import json
import os
import re
import warnings
from collections import namedtuple

__all__ = ["Growth", "LeakError", "NotPreloaded", "Outstanding", "growth_since", "is_active",
           "limit_leaks", "mark", "outstanding", "parse_size", "start", "stop", "trace", "version"]


class NotPreloaded(UserWarning):
    """pymemflow is not preloaded into this process, so that the call does nothing."""


class LeakError(AssertionError):
    """A function leaked more than it may. `growth` says where."""

    def __init__(self, text, growth):
        super().__init__(text)
        self.growth = growth


Outstanding = namedtuple("Outstanding", "bytes blocks")
Outstanding.__doc__ = "What has been handed out since the recording began, and not given back."

Growth = namedtuple("Growth", "mark bytes blocks alive_bytes alive_blocks peak_bytes places")
Growth.__doc__ = """What changed since a mark: bytes and blocks of what counts as a leak, of all that is
alive, the most bytes by which that ever was more in between, and the places, largest first."""

Place = namedtuple("Place", "name file line bytes blocks")
Place.__doc__ = """A place that grew: its name ("leak.py:17 make", or the engine caller), the file and
line (None for an engine caller), and by how much."""


class _Library:
    """The functions of the library that is in this process; all None when there is none."""

    def __init__(self):
        try:
            every = ctypes.CDLL(None)
            self.mark = every.pymemflow_mark
        except (OSError, TypeError, AttributeError):
            self.mark = None
            return
        self.start = every.pymemflow_start
        self.stop = every.pymemflow_stop
        self.is_recording = every.pymemflow_is_recording
        self.version = every.pymemflow_version
        self.outstanding = every.pymemflow_outstanding
        self.growth = every.pymemflow_growth
        size, count = ctypes.POINTER(ctypes.c_uint64), ctypes.POINTER(ctypes.c_size_t)
        self.version.restype = ctypes.c_char_p
        self.mark.argtypes = (ctypes.c_char_p,)
        self.outstanding.argtypes = (size, size)
        self.growth.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t, count)


_library = _Library()
_warned = set()


def _is_there(what):
    # type: (str) -> bool
    if _library.mark is not None:
        return True
    if what not in _warned:
        _warned.add(what)
        warnings.warn("pymemflow is not preloaded: %s does nothing (start the program with `pymemflow "
                      "run` or `pymemflow gate`)" % what, NotPreloaded, stacklevel=3)
    return False


_REASONS = {
    errno.ESRCH: "this process does not record (any more)",
    errno.ENOTSUP: "the record does not hold every event (PYMEMFLOW_RING, PYMEMFLOW_FLOW=0): what is "
                   "alive cannot be known",
    errno.EBADF: "the program closed the file of the record",
    errno.ENAMETOOLONG: "the name of a mark has at most 255 bytes",
    errno.EINVAL: "the name of a mark is not empty, and has no zero byte",
    errno.ENOENT: "there is no mark of that name",
}


def _check(error):
    # type: (int) -> None
    if error != 0:
        raise OSError(error, "pymemflow: " + _REASONS.get(error, os.strerror(error)))


def _encoded(name):
    # type: (str) -> bytes
    encoded = name.encode("utf-8", "surrogateescape")
    if not encoded or b"\0" in encoded:
        _check(errno.EINVAL)
    return encoded


def is_active():
    # type: () -> bool
    """Whether the library is preloaded and records now. Never warns."""
    return _library.mark is not None and _library.is_recording() == 1


def version():
    """The version of the library that is preloaded; None: there is none. Never warns."""
    return None if _library.mark is None else _library.version().decode()


def start():
    # type: () -> None
    """Begins, or goes on, to record. OSError: nothing can be recorded."""
    if _is_there("start()"):
        _check(_library.start())


def stop():
    # type: () -> None
    """Records nothing until start(). What is given back meanwhile still counts as alive."""
    if _is_there("stop()"):
        _check(_library.stop())


def mark(name):
    # type: (str) -> None
    """Gives this moment a name, of at most 255 bytes of UTF-8. `pymemflow report --summary` shows what
    was alive then, `pymemflow gate --max-growth` holds it against the mark before."""
    if _is_there("mark()"):
        _check(_library.mark(_encoded(name)))


def outstanding():
    """Outstanding(bytes, blocks): what is alive now of what was handed out since the recording began.
    Exact, and as fast as a report of the events since the last call. None when not preloaded."""
    if not _is_there("outstanding()"):
        return None
    size, blocks = ctypes.c_uint64(), ctypes.c_uint64()
    _check(_library.outstanding(ctypes.byref(size), ctypes.byref(blocks)))
    return Outstanding(size.value, blocks.value)


def _place(entry):
    file = entry.get("file")
    if file is None:
        name = entry["engine_caller"]
    else:
        name = "%s:%d %s" % (os.path.basename(file), entry["line"], entry["function"])
    return Place(name, file, entry.get("line"), entry["bytes"], entry["blocks"])


def growth_since(name):
    """The Growth since the latest mark of that name. None when not preloaded."""
    if not _is_there("growth_since()"):
        return None
    encoded, length, size = _encoded(name), ctypes.c_size_t(), 1 << 16
    while True:
        text = ctypes.create_string_buffer(size)
        _check(_library.growth(encoded, text, size, ctypes.byref(length)))
        if length.value < size:
            break
        size = 2 * length.value
    answer = json.loads(text.raw[:length.value].decode("utf-8", "surrogateescape"))
    growth, alive = answer["growth"], answer["alive"]
    # What this very call holds is not the program's.
    ours = {file for file in (__file__, ctypes.__file__) if file}
    places, own_bytes, own_blocks = [], 0, 0
    for entry in answer["places"]:
        if entry.get("file") in ours:
            own_bytes += entry["bytes"]
            own_blocks += entry["blocks"]
        else:
            places.append(_place(entry))
    return Growth(name, growth["bytes"] - own_bytes, growth["blocks"] - own_blocks, alive["bytes"],
                  alive["blocks"], answer["peak_bytes"], places)


@contextlib.contextmanager
def trace(name):
    """Marks the begin and the end of a section: "NAME begin", "NAME end"."""
    if not _is_there("trace()"):
        yield
        return
    mark(name + " begin")
    try:
        yield
    finally:
        mark(name + " end")


_UNITS = {"": 1, "B": 1, "KB": 10 ** 3, "MB": 10 ** 6, "GB": 10 ** 9, "TB": 10 ** 12,
          "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}


def parse_size(size):
    # type: (object) -> int
    """Bytes: 4096, "4096", "64KiB", "1.5 MB"."""
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        return size
    match = re.match(r"^(\d+(?:\.\d+)?) ?([A-Za-z]*)$", size) if isinstance(size, str) else None
    if match is None or match.group(2).upper() not in _UNITS:
        raise ValueError("%r is not a size (4096, '64KiB', '1.5MB')" % (size,))
    return int(float(match.group(1)) * _UNITS[match.group(2).upper()])


def counted(count, what):
    # type: (int, str) -> str
    """"1 block", "2 blocks"."""
    return "%d %s%s" % (count, what, "" if count == 1 else "s")


def describe(places, limit=10):
    """A line a place that grew, for people; at most so many, the largest first."""
    grown = [place for place in places if place.bytes > 0 or place.blocks > 0]
    lines = ["%12d bytes in %s  %s" % (place.bytes, counted(place.blocks, "block"), place.name)
             for place in grown[:limit]]
    if len(grown) > limit:
        lines.append("%12d more places" % (len(grown) - limit))
    return "\n".join(lines)


_free_names = []
_made_names = itertools.count(1)


@contextlib.contextmanager
def _own_mark():
    """The name of a mark that nobody else uses meanwhile: calls may be nested, and in several threads.
    Used again, since the library remembers the latest 256 names alone."""
    try:
        name = _free_names.pop()
    except IndexError:
        name = "limit_leaks %d" % next(_made_names)
    gc.collect()
    mark(name)
    try:
        yield name
    finally:
        _free_names.append(name)


def limit_leaks(size):
    """A decorator: LeakError when a call of the function ends with more than `size` more bytes alive
    than before, after a collection of cycles. What it returns counts, and what other threads do
    meanwhile."""
    allowed = parse_size(size)

    def decorate(function):
        @functools.wraps(function)
        def limited(*args, **kwargs):
            if not _is_there("limit_leaks()"):
                return function(*args, **kwargs)
            with _own_mark() as name:
                result = function(*args, **kwargs)
                gc.collect()
                growth = growth_since(name)
            if growth.bytes > allowed:
                raise LeakError("%s leaked %d bytes in %s, more than %d bytes:\n%s"
                                % (getattr(function, "__qualname__", repr(function)), growth.bytes,
                                   counted(growth.blocks, "block"), allowed,
                                   describe(growth.places)), growth)
            return result
        return limited
    return decorate
