"""The limit of a function that limit_leaks() decorates. Standard library only. Any thread."""

import contextlib
import errno
import itertools
import warnings
from typing import Iterator, List, Tuple, Type

from pymemflow._growth import Growth, describe, describe_mapped, printable, read_growth
from pymemflow._native import check, encode, library, settle
from pymemflow._sizes import counted


class LeakError(AssertionError):
    """A call leaked more than its limit. `growth` says how much, and where."""

    def __init__(self, text: str, growth: Growth) -> None:
        super().__init__(text)
        self.growth = growth

    def __reduce__(self) -> Tuple[Type["LeakError"], Tuple[str, Growth]]:
        """Pickles both arguments, so that a worker process can pass the error on."""
        return type(self), (str(self), self.growth)


# Names of marks that no call uses now. They are used again, because the library remembers only the
# latest 256 names. append() and pop() of a list are safe in any thread.
_free_marks: List[str] = []
_new_marks = itertools.count(1)


@contextlib.contextmanager
def own_mark() -> Iterator[str]:
    """Sets a mark whose name no other call uses meanwhile; calls nest, and run in many threads."""
    try:
        name = _free_marks.pop()
    except IndexError:
        name = "limit_leaks %d" % next(_new_marks)
    try:
        check(library.mark(encode(name)))
        yield name
    finally:
        _free_marks.append(name)


class Limit:
    """The limit of one decorated function."""

    def __init__(self, function: str, allowed: int) -> None:
        self.function = function
        self.allowed = allowed

    def check(self, mark: str) -> None:
        """Raises LeakError when more than the limit was leaked since the mark.

        The caller still holds the result of the call, so the result counts.
        """
        settle()
        try:
            growth = read_growth(mark)
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            warnings.warn(
                "limit_leaks() could not measure %s: more than 256 marks were set during the call"
                % printable(self.function),
                RuntimeWarning,
                stacklevel=3,
            )
            return
        if growth.bytes > self.allowed:
            raise LeakError(
                "%s leaked %d bytes in %s, more than %d bytes:\n%s"
                % (
                    printable(self.function),
                    growth.bytes,
                    counted(growth.blocks, "block"),
                    self.allowed,
                    "\n".join(filter(None, (describe(growth.sites), describe_mapped(growth.mapped)))),
                ),
                growth,
            )
