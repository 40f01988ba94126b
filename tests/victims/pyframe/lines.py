"""For every instruction of many modules, line_of() equals the result of the interpreter's decoders."""
import ctypes
import importlib
import sys
import types

import probe
from decoders import lines_by_python

probe.require_known()
MODULES = ("argparse ast asyncio.base_events asyncio.streams collections csv dataclasses datetime "
           "decimal difflib dis doctest email.message enum fractions functools heapq http.client "
           "inspect json.decoder locale logging optparse os pathlib pickle pickletools platform "
           "pdb plistlib pydoc random re shutil socket statistics string subprocess tarfile "
           "tempfile textwrap threading tokenize traceback turtle typing unittest.case "
           "unittest.mock urllib.parse urllib.request uuid warnings xml.dom.minidom zipfile "
           "_pydecimal _pyio").split()

address_to_line = ctypes.pythonapi.PyCode_Addr2Line
address_to_line.argtypes = (ctypes.py_object, ctypes.c_int)


def code_objects(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from code_objects(constant)


def long_gaps():
    """Lines and instructions too far apart for one entry, forwards and backwards."""
    for gap in (1, 127, 128, 129, 255, 256, 300, 1000, 70000):
        yield compile("x = f(1,%s2, g)\ny = 2" % ("\n" * gap), "gap", "exec")
        yield compile("f(%sa,b)(c)\nif x:%s y = 1" % ("\n" * gap, "\\\n" * gap), "gap", "exec")
        yield compile("x = [" + ",".join("a" * 1 for _ in range(min(gap, 3000))) + "]\ny = 1", "gap", "exec")
        yield compile("def f():\n" + "\n" * gap + "  with a:\n    try:\n      b\n    finally:\n"
                      + "\n" * gap + "      c\n  return lambda: (yield)", "gap", "exec")


def check(code):
    count = len(code.co_code) // 2
    lines = (ctypes.c_int32 * count)()
    if probe.holding.probe_lines(code, lines, count) != count:
        probe.fail(code.co_filename, code.co_name, "was not described")
    by_python = lines_by_python(code, count)
    for unit in range(count):
        by_c = address_to_line(code, 2 * unit)
        expected = code.co_firstlineno if by_c == -1 else by_c
        if (by_c == -1) != (by_python[unit] is None) or by_python[unit] not in (None, by_c):
            probe.fail("the interpreter contradicts itself:", by_c, by_python[unit])
        if lines[unit] != expected:
            probe.fail(code.co_filename, code.co_name, "at", 2 * unit, ":", lines[unit],
                       "instead of", expected)
    return count


instructions = codes = 0
sources = list(long_gaps())
for name in MODULES:
    try:
        module = importlib.import_module(name)
        with open(module.__file__, "rb") as source:
            sources.append(compile(source.read(), module.__file__, "exec"))
    except ImportError:
        print("no module", name)
for source in sources:
    for code in code_objects(source):
        instructions += check(code)
        codes += 1
print(instructions, "instructions in", codes, "code objects")
if instructions < 100000:
    probe.fail("too few to tell anything")
