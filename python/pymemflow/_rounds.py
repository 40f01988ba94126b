"""The decorator limit_growth(), and what grows in each of several runs. Standard library only. Any thread."""

import functools
from collections.abc import Coroutine
from typing import Any, Callable, Dict, List, Optional, Tuple, TypeVar, Union, cast

from pymemflow import _foreign
from pymemflow._growth import (
    Growth,
    Site,
    describe,
    describe_mapped,
    mapped_each_run,
    printable,
    read_growth,
)
from pymemflow._limit import LeakError, own_mark
from pymemflow._native import is_preloaded, settle
from pymemflow._sizes import counted, parse_size

_Function = TypeVar("_Function", bound=Callable[..., Any])


def leaked_each_run(growths: List[Growth]) -> List[Site]:
    """Returns the sites that grew in every run, each with its smallest growth, largest first."""
    least: Dict[Tuple[str, Optional[str]], Site] = {}
    for site in growths[0].sites:
        if site.bytes > 0:
            least[site.name, site.file] = site
    for growth in growths[1:]:
        now = {(site.name, site.file): site for site in growth.sites if site.bytes > 0}
        least = {
            key: min(site, now[key], key=lambda each: each.bytes)
            for key, site in least.items()
            if key in now
        }
    return sorted(least.values(), key=lambda site: (-site.bytes, site.name))


class _Runs:
    """The runs of one call of a limited function."""

    def __init__(self, function: str, allowed: int, runs: int) -> None:
        self.function = function
        self.allowed = allowed
        self.runs = runs

    def check(self, growths: List[Growth]) -> None:
        """Raises LeakError when the same sites grew in each run but the first."""
        sites = leaked_each_run(growths[1:])
        mapped = mapped_each_run(growths[1:])
        leaked = sum(site.bytes for site in sites) + sum(each.bytes for each in mapped)
        if leaked > self.allowed:
            raise LeakError(
                "%s grows by %d bytes in %s each run, more than %d bytes:\n%s"
                % (
                    printable(self.function),
                    leaked,
                    counted(sum(site.blocks for site in sites), "block"),
                    self.allowed,
                    "\n".join(filter(None, (describe(sites), describe_mapped(mapped)))),
                ),
                growths[-1],
            )

    def run(self, call: Callable[[], Any]) -> Any:
        """Returns the last result. A result replaces the one before, and so does not count."""
        growths: List[Growth] = []
        result: Any = None
        for _ in range(self.runs):
            settle()
            with own_mark() as mark:
                result = call()
                if isinstance(result, Coroutine):
                    return self.run_awaited(result, call)
                settle()
                growths.append(read_growth(mark))
        self.check(growths)
        return result

    async def run_awaited(self, first: Any, call: Callable[[], Any]) -> Any:
        growths: List[Growth] = []
        result: Any = None
        for run in range(self.runs):
            settle()
            with own_mark() as mark:
                result = await (call() if run else first)
                settle()
                growths.append(read_growth(mark))
        self.check(growths)
        return result


def _decorate(function: Any, allowed: int, runs: int) -> Any:
    """Returns the limited function. Raises TypeError for what cannot be measured."""
    from pymemflow import _callables as callables

    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(_decorate(function.__func__, allowed, runs))
    called = callables.called_function(function)
    limit = _Runs(callables.name_of(called), allowed, runs)
    reason = callables.reason_not_measured(function)
    if reason:
        raise TypeError("limit_growth() cannot decorate %s: %s" % (limit.function, reason))
    call = function if hasattr(called, "__code__") else _foreign.caller(function)

    @functools.wraps(function)
    def limited(*args: Any, **kwargs: Any) -> Any:
        if not is_preloaded("limit_growth()"):
            return function(*args, **kwargs)
        return limit.run(lambda: call(*args, **kwargs))

    @functools.wraps(function)
    async def limited_coroutine(*args: Any, **kwargs: Any) -> Any:
        if not is_preloaded("limit_growth()"):
            return await function(*args, **kwargs)
        return await limit.run_awaited(function(*args, **kwargs), lambda: function(*args, **kwargs))

    return limited_coroutine if callables.runs_when_awaited(function) else limited


def limit_growth(size: Union[int, str], runs: int = 5) -> Callable[[_Function], _Function]:
    """Returns a decorator that runs a function several times, and raises LeakError when it grows.

    Each call becomes `runs` calls with the same arguments; the first one warms up. The function
    grows when the same lines grow in each of the others, together by more than `size` in each
    (docs/gate.md). Its result, that of the last run, does not count. A run that raises ends the
    call. Without the library the decorator warns once (NotPreloaded), and a call is a call.

    Raises ValueError for a bad size and for fewer than three runs, and TypeError as limit_leaks().
    """
    allowed = parse_size(size)
    if runs < 3:
        raise ValueError("runs=%r is not a number of at least 3" % (runs,))

    def decorate(function: _Function) -> _Function:
        return cast(_Function, _decorate(function, allowed, runs))

    return decorate
