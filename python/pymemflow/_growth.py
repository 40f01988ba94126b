"""The change of memory since a mark. Standard library only. Any thread."""

import ctypes
import json
import os
import re
from typing import Any, Dict, List, Match, NamedTuple, Optional

from pymemflow._native import check, encode, library
from pymemflow._sizes import counted


class Site(NamedTuple):
    """An allocation site: a line of Python, or a C function that no Python line called."""

    name: str  # "leak.py:17 make", or the C function: "libx.so`f"
    file: Optional[str]  # None for a C function
    line: Optional[int]  # None for a C function
    bytes: int
    blocks: int


class Growth(NamedTuple):
    """The change of memory since a mark; negative if memory shrank."""

    mark: str
    bytes: int  # the memory that counts as a leak (docs/gate.md)
    blocks: int
    alive_bytes: int  # all live memory
    alive_blocks: int
    peak_bytes: int  # the largest excess of live memory over that of the mark, at any moment since
    sites: List[Site]  # the sites of `bytes` and `blocks`, the largest first

    @property
    def places(self) -> List[Site]:
        """The old name of `sites`; the next version will not have it."""
        return self.sites


Place = Site  # the old name; the next version will not have it


# The files whose memory belongs to the measurement and not to the program.
_OWN = {
    os.path.join(os.path.dirname(__file__), name)
    for name in ("__init__.py", "_growth.py", "_limit.py", "_limit_leaks.py", "_native.py")
}


def _site(entry: Dict[str, Any]) -> Site:
    file = entry.get("file")
    if file is None:
        name = entry["engine_caller"]
    else:
        name = "%s:%d %s" % (os.path.basename(file), entry["line"], entry["function"])
    return Site(name, file, entry.get("line"), entry["bytes"], entry["blocks"])


def read_growth(mark: str) -> Growth:
    """Returns the growth since the latest mark of that name. Raises OSError when it is unknown."""
    encoded, length, size = encode(mark), ctypes.c_size_t(), 1 << 16
    while True:
        # Does not use create_string_buffer(), whose line is also that of the program's own buffers.
        text = (ctypes.c_char * size)()
        check(library.growth(encoded, text, size, ctypes.byref(length)))
        if length.value < size:
            break
        size = 2 * length.value
    answer = json.loads(text.raw[: length.value].decode("utf-8", "surrogateescape"))
    own = [entry for entry in answer["sites"] if entry.get("file") in _OWN]
    sites = [_site(entry) for entry in answer["sites"] if entry.get("file") not in _OWN]
    return Growth(
        mark,
        answer["growth"]["bytes"] - sum(entry["bytes"] for entry in own),
        answer["growth"]["blocks"] - sum(entry["blocks"] for entry in own),
        answer["alive"]["bytes"],
        answer["alive"]["blocks"],
        answer["peak_bytes"],
        sites,
    )


# As report/base/unsafe_character.h has them: control characters, the separators of lines, and the
# controls of direction.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Returns a name for people: each byte of an unsafe character is written as \xNN."""

    def escaped(match: "Match[str]") -> str:
        return "".join("\\x%02x" % byte for byte in match.group().encode("utf-8"))

    return _UNSAFE.sub(escaped, text)


def describe(sites: List[Site], limit: int = 10) -> str:
    """Returns a line for each site that grew; after `limit` lines, the number of the others."""
    grown = [site for site in sites if site.bytes > 0 or site.blocks > 0]
    lines = [
        "%12d bytes in %s  %s" % (site.bytes, counted(site.blocks, "block"), printable(site.name))
        for site in grown[:limit]
    ]
    if len(grown) > limit:
        lines.append("%12d more sites" % (len(grown) - limit))
    return "\n".join(lines)
