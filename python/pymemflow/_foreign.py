"""Calls functions that are not written in Python, for limit_leaks().

Memory that such a function allocates belongs to the line that calls it. The lines of this module
count as the program's; the lines of the modules that measure do not (_growth.py). Standard library
only. Any thread.
"""

from typing import Any, Awaitable, Callable


def caller(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that calls `function`."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return call


async def awaited(coroutine: Awaitable[Any]) -> Any:
    """Returns the result of a coroutine."""
    return await coroutine
