"""Calls the C functions of the library in this process (interpose/library/api.h).

Standard library only. Any thread; not in a signal handler.
"""

import ctypes
import errno
import gc
import os
import sys
import warnings
from typing import Set


class NotPreloaded(UserWarning):
    """The library is not preloaded into this process, so the call does nothing."""


class Library:
    """The C functions of the library. When `is_preloaded` is false, no other attribute exists."""

    def __init__(self) -> None:
        self.is_preloaded = False
        try:
            process = ctypes.CDLL(None)
            self.mark = process.pymemflow_mark
        except (OSError, TypeError, AttributeError):
            return
        self.is_preloaded = True
        self.start = process.pymemflow_start
        self.stop = process.pymemflow_stop
        self.is_recording = process.pymemflow_is_recording
        self.version = process.pymemflow_version
        self.outstanding = process.pymemflow_outstanding
        self.growth = process.pymemflow_growth
        number, length = ctypes.POINTER(ctypes.c_uint64), ctypes.POINTER(ctypes.c_size_t)
        self.version.restype = ctypes.c_char_p
        self.mark.argtypes = (ctypes.c_char_p,)
        self.outstanding.argtypes = (number, number)
        self.growth.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t, length)


library = Library()
_warned: Set[str] = set()


def is_preloaded(function: str) -> bool:
    """Tells whether the library is preloaded. If not, warns once per `function`.

    `function` is the name of the caller, whose own caller the warning points at.
    """
    if library.is_preloaded:
        return True
    if function not in _warned:
        _warned.add(function)
        warnings.warn(
            "pymemflow is not preloaded: %s does nothing (start the program with `pymemflow "
            "run` or `pymemflow gate`)" % function,
            NotPreloaded,
            stacklevel=3,
        )
    return False


# The cache of methods keeps names that a program made up, in thousands of places.
_clear_caches = getattr(sys, "_clear_internal_caches", None) or getattr(
    sys, "_clear_type_cache", None
)


def settle() -> None:
    """Frees what nobody uses: cycles, and what the interpreter's caches keep."""
    gc.collect()
    if _clear_caches is not None:
        _clear_caches()


_REASONS = {
    errno.ESRCH: "this process does not record, or its recording has ended",
    errno.ENOTSUP: "the record does not hold every event (PYMEMFLOW_RING, PYMEMFLOW_FLOW=0), so "
    "live memory cannot be known",
    errno.EBADF: "the program closed the file of the record",
    errno.ENAMETOOLONG: "the name of a mark has at most 255 bytes",
    errno.EINVAL: "the name of a mark must not be empty or contain a zero byte",
    errno.ENOENT: "there is no mark of that name; the library remembers the latest 256 names",
}


def check(error: int) -> None:
    """Raises OSError when a C function returned an error number."""
    if error != 0:
        raise OSError(error, "pymemflow: " + _REASONS.get(error, os.strerror(error)))


def encode(name: str) -> bytes:
    """Returns the name of a mark in UTF-8.

    Raises OSError (EINVAL) for an empty name, and for one with a zero byte.
    """
    encoded = name.encode("utf-8", "surrogateescape")
    if not encoded or b"\0" in encoded:
        check(errno.EINVAL)
    return encoded
