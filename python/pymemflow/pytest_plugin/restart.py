"""Starts pytest again under the library. Main thread only, before pytest reads any conftest."""

import os
import sys
from typing import List, Optional

import pytest

from pymemflow._files import find

_RESTARTED = "_PYMEMFLOW_PYTEST"  # set in the environment of the pytest that was started again
_PROBES = ("ATTRIBUTION", "COMPAT", "PYTHON_CALL_STACK")
# The library, the variable that preloads it, and the characters that a path in it cannot have.
if sys.platform == "darwin":
    _LIBRARY, _VARIABLE = "libpymemflow.dylib", "DYLD_INSERT_LIBRARIES"
    _SEPARATORS = {":": "a colon"}
else:
    _LIBRARY, _VARIABLE = "libpymemflow.so", "LD_PRELOAD"
    _SEPARATORS = {" ": "a blank", ":": "a colon", "$": "a $"}


def _find_library(asked: Optional[str]) -> str:
    path = find(_LIBRARY) if asked is None else os.path.abspath(asked)
    if path is None or not os.path.exists(path):
        raise pytest.UsageError(
            "--pymemflow: cannot find %s: build it (scripts/build) or name it with "
            "--pymemflow-library FILE" % (path or _LIBRARY)
        )
    for character, name in _SEPARATORS.items():
        if character in path:
            raise pytest.UsageError(
                "--pymemflow: the path of the library has %s, which %s cannot hold: %s"
                % (name, _VARIABLE, path)
            )
    return path


def _command_line() -> List[str]:
    """Returns the words that started this pytest."""
    original: List[str] = getattr(sys, "orig_argv", [])  # from Python 3.10 on
    if original:
        return [sys.executable, *original[1:]]
    is_module = os.path.basename(sys.argv[0]) == "__main__.py"
    program = ["-m", "pytest"] if is_module else sys.argv[:1]
    return [sys.executable, *program, *sys.argv[1:]]


def restart(asked: Optional[str]) -> None:
    """Replaces this process by the same pytest under the library.

    `asked` is the path of the library; None: the one of the package. Raises UsageError when the
    library is not there or cannot be preloaded, and when this is the new pytest already.
    """
    library = _find_library(asked)
    if os.environ.get(_RESTARTED):
        raise pytest.UsageError(
            "--pymemflow: the library is preloaded but does not record here; "
            "`pymemflow doctor %s` says why" % sys.executable
        )
    others = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = library + (":" + others if others else "")
    os.environ[_RESTARTED] = "1"
    # The plugin reads the record while it grows. A report at the end is made only when asked for.
    if "PYMEMFLOW_CAPTURE" not in os.environ:
        os.environ.setdefault("PYMEMFLOW_OUTPUT", os.devnull)
    # Small objects leak, too. Where Python is probed, its allocators cannot be recorded.
    if not any("PYMEMFLOW_" + option in os.environ for option in _PROBES):
        os.environ.setdefault("PYMEMFLOW_DOMAINS", "mem,obj")
    sys.stdout.flush()
    sys.stderr.flush()
    command = _command_line()
    os.execv(command[0], command)


def is_over() -> None:
    """Lets the tests start pytest under the library again, in processes of their own."""
    os.environ.pop(_RESTARTED, None)
