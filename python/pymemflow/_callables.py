"""Tells what a call of a callable does. Imported when the first function is decorated.

Importing `inspect` takes 2 to 8 ms. Standard library only. Any thread.
"""

import contextlib
import functools
import inspect
from typing import Any

# The code that every function decorated with contextlib.contextmanager() runs when it is called.
_CONTEXT_MANAGERS = [
    getattr(contextlib, name)(lambda: None).__code__
    for name in ("contextmanager", "asynccontextmanager")
    if hasattr(contextlib, name)
]


def name_of(function: Any) -> str:
    """Returns the qualified name of a callable, for messages."""
    return str(getattr(function, "__qualname__", None) or repr(function))


def called_function(function: Any) -> Any:
    """Returns what runs when `function` is called.

    That is the function of a partial or of a method, and the method __call__ of an object.
    """
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif inspect.ismethod(function):
            function = function.__func__
        elif isinstance(function, type) or inspect.isroutine(function):
            return function
        else:
            method = type(function).__call__
            if not inspect.isfunction(method):
                return function
            function = method


def runs_when_awaited(function: Any) -> bool:
    """Tells whether a call returns a coroutine: that of `async def`, or of types.coroutine()."""
    called = called_function(function)
    flags = getattr(getattr(called, "__code__", None), "co_flags", 0)
    return (
        inspect.iscoroutinefunction(function)
        or inspect.iscoroutinefunction(called)
        or (isinstance(flags, int) and bool(flags & inspect.CO_ITERABLE_COROUTINE))
    )


def reason_not_measured(function: Any) -> str:
    """Returns why a call of `function` cannot be measured; empty when it can."""
    called = called_function(function)
    if inspect.isclass(function):
        return "it is a class; decorate its methods"
    if hasattr(function, "_pytestfixturefunction") or hasattr(function, "_fixture_function_marker"):
        return "it is a fixture of pytest; put @limit_leaks below @pytest.fixture"
    if not callable(function):
        return "it is not a function; put @limit_leaks below the other decorators"
    if getattr(called, "__code__", None) in _CONTEXT_MANAGERS:
        return "it is a context manager, whose body runs after the call; decorate its caller"
    if runs_when_awaited(function):
        return ""
    if inspect.isgeneratorfunction(called) or inspect.isasyncgenfunction(called):
        return "it is a generator, whose body runs after the call; decorate its caller"
    return ""
