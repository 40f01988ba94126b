"""The decorator limit_leaks(). Standard library only. Any thread."""

import functools
from collections.abc import Coroutine
from types import CoroutineType, GeneratorType
from typing import Any, Callable, TypeVar, Union, cast

from pymemflow import _foreign
from pymemflow._limit import Limit, own_mark
from pymemflow._native import is_preloaded, settle
from pymemflow._sizes import parse_size

_Function = TypeVar("_Function", bound=Callable[..., Any])


async def _measured(coroutine: Any, limit: Limit) -> Any:
    if not isinstance(coroutine, (CoroutineType, GeneratorType)):
        coroutine = _foreign.awaited(coroutine)
    settle()
    with own_mark() as mark:
        result = await coroutine
        limit.check(mark)
    return result


def _limited_coroutine(function: Callable[..., Any], limit: Limit) -> Callable[..., Any]:
    @functools.wraps(function)
    async def limited(*args: Any, **kwargs: Any) -> Any:
        if not is_preloaded("limit_leaks()"):
            return await function(*args, **kwargs)
        return await _measured(function(*args, **kwargs), limit)

    return limited


def _limited(function: Callable[..., Any], limit: Limit, is_python: bool) -> Callable[..., Any]:
    call = function if is_python else _foreign.caller(function)

    @functools.wraps(function)
    def limited(*args: Any, **kwargs: Any) -> Any:
        if not is_preloaded("limit_leaks()"):
            return function(*args, **kwargs)
        settle()
        with own_mark() as mark:
            result = call(*args, **kwargs)
            limit.check(mark)
        # Another decorator may hide a coroutine function, whose body has not run yet.
        return _measured(result, limit) if isinstance(result, Coroutine) else result

    return limited


def _decorate(function: Any, allowed: int) -> Any:
    """Returns the limited function. Raises TypeError for what cannot be measured."""
    from pymemflow import _callables as callables

    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(_decorate(function.__func__, allowed))
    called = callables.called_function(function)
    limit = Limit(callables.name_of(called), allowed)
    reason = callables.reason_not_measured(function)
    if reason:
        raise TypeError("limit_leaks() cannot decorate %s: %s" % (limit.function, reason))
    if callables.runs_when_awaited(function):
        return _limited_coroutine(function, limit)
    return _limited(function, limit, is_python=hasattr(called, "__code__"))


def limit_leaks(size: Union[int, str]) -> Callable[[_Function], _Function]:
    """Returns a decorator that raises LeakError when a call leaks more than `size`.

    `size` is in bytes, or text such as "64KiB" (parse_size). A call leaks what was allocated since
    its start, is live at its end, and counts as a leak for the gate (docs/gate.md). Cycles are
    collected before and after the call. The result of the call counts, and so does what other
    threads and other asyncio tasks leak meanwhile. A call that raises is not measured.

    A coroutine function stays one, and is measured from the first step of its body to its end.

    Without the library the decorator warns once (NotPreloaded) and measures nothing.

    Raises ValueError for a bad size, and TypeError for a generator, an async generator, a context
    manager, a class, and everything else whose body does not run in the call. A call raises OSError
    when the process does not record. When more than 256 marks are set during a call, it warns
    (RuntimeWarning) and is not measured.
    """
    allowed = parse_size(size)

    def decorate(function: _Function) -> _Function:
        return cast(_Function, _decorate(function, allowed))

    return decorate
