"""The change of memory since a mark. Standard library only. Any thread."""

import ctypes
import json
import os
import re
from typing import Any, Dict, Iterable, List, Match, NamedTuple, Optional, Sequence, Tuple

from pymemflow._native import check, encode, library
from pymemflow._sizes import counted


class Frame(NamedTuple):
    """A frame of a call stack: a line of Python, or a C function."""

    name: str  # "leak.py:17 make", or the C function: "f (libx.so)", "f x.c:7 (libx.so)"
    file: Optional[str]  # None for a C function
    line: Optional[int]  # None for a C function


class Site(NamedTuple):
    """An allocation site: a line of Python, or a C function that no Python line called."""

    name: str  # "leak.py:17 make", or the C function: "libx.so`f"
    file: Optional[str]  # None for a C function
    line: Optional[int]  # None for a C function
    bytes: int
    blocks: int
    # The callers of the stack that grew most, the nearest one first. Empty: none were recorded.
    callers: Tuple[Frame, ...] = ()
    # The C functions of that stack above the line, from the innermost outwards, and the lines in
    # which a message shows them. Empty: none were recorded.
    native: Tuple[Frame, ...] = ()
    native_lines: Tuple[str, ...] = ()


class MappedGrowth(NamedTuple):
    """Memory that was mapped without malloc() since a mark."""

    name: str  # "Python's arenas", "memory mapped by libx.so"
    bytes: int
    site: str  # the line with most of it
    counts: bool  # False: the small objects in it are recorded, and counted as blocks


class Growth(NamedTuple):
    """The change of memory since a mark; negative if memory shrank."""

    mark: str
    bytes: int  # the memory that counts as a leak (docs/gate.md)
    blocks: int
    alive_bytes: int  # all live memory
    alive_blocks: int
    peak_bytes: int  # the largest excess of live memory over that of the mark, at any moment since
    sites: List[Site]  # the sites of `bytes` and `blocks`, the largest first
    rise_bytes: int = 0  # as `peak_bytes`, of live memory and of mapped memory that counts together
    mapped: Tuple[MappedGrowth, ...] = ()  # the largest first
    resident_bytes: Optional[int] = None  # of the resident set; None if it is not known

    @property
    def places(self) -> List[Site]:
        """The old name of `sites`; the next version will not have it."""
        return self.sites


Place = Site  # the old name; the next version will not have it


# The files whose memory belongs to the measurement and not to the program.
_OWN = {
    os.path.join(os.path.dirname(__file__), name)
    for name in (
        "__init__.py",
        "_growth.py",
        "_limit.py",
        "_limit_leaks.py",
        "_native.py",
        "_rounds.py",
        os.path.join("pytest_plugin", "limits.py"),
    )
}


def _line_name(entry: Dict[str, Any]) -> str:
    return "%s:%d %s" % (os.path.basename(entry["file"]), entry["line"], entry["function"])


def _frame(entry: Dict[str, Any]) -> Frame:
    if "library" not in entry:
        return Frame(_line_name(entry), entry["file"], entry["line"])
    library = os.path.basename(entry["library"])
    if not entry["function"]:
        return Frame("%s+%s" % (library, entry["offset"]), None, None)
    name = entry["function"]
    if "file" in entry:
        name += " %s:%d" % (os.path.basename(entry["file"]), entry["line"])
    inlined = ", inlined" if entry.get("inlined") else ""
    return Frame("%s (%s%s)" % (name, library, inlined), None, None)


def _site(entry: Dict[str, Any]) -> Site:
    file = entry.get("file")
    name = entry["engine_caller"] if file is None else _line_name(entry)
    stack = [_frame(each) for each in entry.get("stack", ())]
    line = next((index for index, each in enumerate(stack) if each.file is not None), 0)
    return Site(
        name,
        file,
        entry.get("line"),
        entry["bytes"],
        entry["blocks"],
        tuple(each for each in stack[line + 1 :] if each.file not in _OWN),
        tuple(stack[:line]),
        tuple(entry.get("in", ())),
    )


def _mapped(entry: Dict[str, Any], has_objects: bool) -> MappedGrowth:
    name, site = entry["library"], entry["site"]
    if not entry["is_arenas"]:
        name = "memory mapped by " + name
    line = site["engine_caller"] if "file" not in site else _line_name(site)
    return MappedGrowth(name, entry["bytes"], line, not (has_objects and entry["is_arenas"]))


def _resident_since(then: int) -> Optional[int]:
    """Returns the change of the resident set; None: it is not known."""
    try:
        with open("/proc/self/statm", "rb") as file:
            now = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None
    return now - then if then else None


def mapped_each_run(growths: Sequence[Growth]) -> List[MappedGrowth]:
    """Returns what was mapped in every run and counts, each with its smallest growth."""
    least = {each.name: each for each in growths[0].mapped if each.counts}
    for growth in growths[1:]:
        now = {each.name: each for each in growth.mapped}
        least = {
            name: min(each, now[name], key=lambda one: one.bytes)
            for name, each in least.items()
            if name in now
        }
    return sorted(least.values(), key=lambda each: -each.bytes)


def describe_mapped(mapped: Iterable[MappedGrowth]) -> str:
    """Returns a line for each, "Python's arenas grew by 1310720 bytes, from headers.py:12 f"."""
    return "\n".join(
        "%12s %s grew by %d bytes, from %s"
        % ("", printable(each.name), each.bytes, printable(each.site))
        for each in mapped
    )


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
        answer["rise_bytes"],
        tuple(_mapped(entry, answer["has_objects"]) for entry in answer["memory"]),
        _resident_since(answer["resident_then"]),
    )


# As report/base/unsafe_character.h has them: control characters, the separators of lines, and the
# controls of direction.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Returns a name for people: each byte of an unsafe character is written as \xNN."""

    def escaped(match: "Match[str]") -> str:
        return "".join("\\x%02x" % byte for byte in match.group().encode("utf-8"))

    return _UNSAFE.sub(escaped, text)


_SHOWN_CALLERS = 5
_LIBRARIES = ("/site-packages/", "/dist-packages/", "/lib/python3.", "/lib64/python3.")


def _is_own_code(frame: Frame) -> bool:
    file = frame.file
    return file is not None and not (
        file.startswith("<frozen ") or any(folder in file for folder in _LIBRARIES)
    )


def shown_callers(site: Site, full_stacks: bool) -> List[Frame]:
    """Returns the callers that a message shows.

    These are all of them, or at most five: first those outside the standard library and
    site-packages, in the order of the stack.
    """
    if full_stacks:
        return list(site.callers)
    own = [each for each in site.callers if _is_own_code(each)][:_SHOWN_CALLERS]
    others = [each for each in site.callers if not _is_own_code(each)]
    wanted = own + others[: _SHOWN_CALLERS - len(own)]
    shown = []
    for each in site.callers:  # a recursive function has equal frames
        if each in wanted:
            wanted.remove(each)
            shown.append(each)
    return shown


def _lines_of(site: Site, full_stacks: bool) -> List[str]:
    shown = shown_callers(site, full_stacks)
    lines = [
        "%12d bytes in %s  %s" % (site.bytes, counted(site.blocks, "block"), printable(site.name))
    ]
    native = ["in " + each.name for each in site.native] if full_stacks else site.native_lines
    lines += ["%22s %s" % ("", printable(each)) for each in native]
    lines += ["%22s by %s" % ("", printable(each.name)) for each in shown]
    if len(shown) < len(site.callers):
        rest = counted(len(site.callers) - len(shown), "more caller")
        lines.append("%22s %s (PYMEMFLOW_FULL_STACKS=1)" % ("", rest))
    return lines


def describe(sites: List[Site], limit: int = 10, full_stacks: Optional[bool] = None) -> str:
    """Returns a line for each site that grew, and its callers; then the number of other sites.

    `full_stacks` is the option of that name by default: it shows all callers, not at most five.
    """
    if full_stacks is None:
        full_stacks = os.environ.get("PYMEMFLOW_FULL_STACKS", "0") in ("1", "on", "yes", "true")
    grown = [site for site in sites if site.bytes > 0 or site.blocks > 0]
    lines = [line for site in grown[:limit] for line in _lines_of(site, full_stacks)]
    if full_stacks and grown and not any(site.callers for site in grown):
        lines.append("%12s its callers were not recorded: PYMEMFLOW_STACK=python" % "")
    if len(grown) > limit:
        lines.append("%12d more sites" % (len(grown) - limit))
    return "\n".join(lines)
