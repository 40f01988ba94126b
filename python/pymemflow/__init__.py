"""Marks, sections and limits for a Python program that runs under pymemflow.

    import pymemflow

    pymemflow.mark("cache is warm")         gives this moment of the record a name
    with pymemflow.trace("load"):           sets two marks: "load begin" and "load end"
        ...
    bytes, blocks = pymemflow.outstanding() tells how much memory is live

    @pymemflow.limit_leaks("64KiB")         raises LeakError when a call leaks more than that
    def handle(request): ...

    @pymemflow.limit_growth("4KiB", runs=5) runs a function five times, and raises LeakError when it
    def test_handle(): ...                  grows by more than that in each run but the first

The module calls the library that was preloaded into this process: by `pymemflow run` or
`pymemflow gate`, by LD_PRELOAD, or by DYLD_INSERT_LIBRARIES on macOS. When no library is preloaded,
each function warns once (NotPreloaded), does nothing, and costs less than a microsecond;
`python -W error::UserWarning` turns the warnings into errors.

Sizes are in bytes. Every function may be called on any thread, but not in a signal handler. A
function that cannot do its work raises OSError, and says why.

Needs CPython 3.6 or later and its standard library; has no compiled part.
"""

import contextlib
import ctypes
from typing import ContextManager, Iterator, NamedTuple, Optional

from pymemflow._growth import Frame, Growth, Place, Site, describe, read_growth
from pymemflow._limit import LeakError
from pymemflow._limit_leaks import limit_leaks
from pymemflow._native import NotPreloaded, check, encode, is_preloaded
from pymemflow._native import library as _library
from pymemflow._rounds import limit_growth
from pymemflow._sizes import counted, parse_size

try:
    from pymemflow._version import __version__  # written when a wheel is built
except ImportError:
    from pymemflow._files import checkout_version

    __version__ = checkout_version()

__all__ = [
    "Frame",
    "Growth",
    "LeakError",
    "NotPreloaded",
    "Outstanding",
    "Place",
    "Site",
    "__version__",
    "counted",
    "describe",
    "growth_since",
    "is_active",
    "limit_growth",
    "limit_leaks",
    "mark",
    "outstanding",
    "parse_size",
    "start",
    "stop",
    "trace",
    "version",
]

for _public in (Frame, Growth, LeakError, NotPreloaded, Site):
    _public.__module__ = __name__  # users know them, and pickle finds them, by this name


class Outstanding(NamedTuple):
    """Live memory: what was allocated since the recording began and has not been freed."""

    bytes: int
    blocks: int


def is_active() -> bool:
    """Tells whether the library is preloaded and records now. Never warns."""
    return _library.is_preloaded and _library.is_recording() == 1


def version() -> Optional[str]:
    """Returns the version of the preloaded library, or None without one. Never warns.

    `__version__` is the version of this package.
    """
    return _library.version().decode() if _library.is_preloaded else None


def start() -> None:
    """Begins or resumes recording. Raises OSError (ESRCH) when the process cannot record."""
    if is_preloaded("start()"):
        check(_library.start())


def stop() -> None:
    """Pauses recording until start(). Raises OSError (ESRCH) when the process cannot record.

    Memory that is freed meanwhile still counts as live.
    """
    if is_preloaded("stop()"):
        check(_library.stop())


def mark(name: str) -> None:
    """Gives this moment a name of 1 to 255 bytes of UTF-8.

    The summary of `pymemflow report` shows what was live at each mark; `pymemflow gate
    --max-growth` limits the growth per round, from mark to mark of one name. Marks are kept while recording is paused.

    Raises OSError for a bad name (EINVAL, ENAMETOOLONG), and when the process cannot record
    (ESRCH).
    """
    if is_preloaded("mark()"):
        check(_library.mark(encode(name)))


def outstanding() -> Optional[Outstanding]:
    """Returns the live memory of all threads; None without the library.

    The numbers are exact, in the sizes that the program asked for. The call takes as long as a
    report of the events since the last call; other threads go on meanwhile.

    Raises OSError when the record does not hold every event (ENOTSUP), when the process does not
    record (ESRCH), when the program closed the file of the record (EBADF), and when there is no
    memory for the answer (ENOMEM).
    """
    if not is_preloaded("outstanding()"):
        return None
    size, blocks = ctypes.c_uint64(), ctypes.c_uint64()
    check(_library.outstanding(ctypes.byref(size), ctypes.byref(blocks)))
    return Outstanding(size.value, blocks.value)


def growth_since(name: str) -> Optional[Growth]:
    """Returns what has changed since the latest mark of that name; None without the library.

    Takes as long as outstanding() and a walk over the live blocks.

    Raises OSError when there is no such mark among the latest 256 names (ENOENT), for a bad name
    (EINVAL), and in the cases of outstanding().
    """
    if not is_preloaded("growth_since()"):
        return None
    return read_growth(name)


@contextlib.contextmanager
def _section(name: str) -> Iterator[None]:
    mark(name + " begin")
    try:
        yield
    finally:
        mark(name + " end")


@contextlib.contextmanager
def _no_section() -> Iterator[None]:
    yield


def trace(name: str) -> ContextManager[None]:
    """Returns a context manager that sets the marks "NAME begin" and "NAME end".

    Entering and leaving it raise what mark() raises. NAME has at most 249 bytes of UTF-8.
    """
    return _section(name) if is_preloaded("trace()") else _no_section()
