"""Random but valid line tables, each in its own code object: for every instruction, line_of() equals
the result of the interpreter's own decoders.

    random_tables.py COUNT SEED

The tables use all that the format allows, not only what the compiler writes: entries of length 0,
line numbers that change by any value that fits an entry, gaps without a line, long varints. A line
is never below 0, which means "no line" to the interpreter.
"""
import ctypes
import random
import sys

import probe
from decoders import lines_by_python

probe.require_known()
COUNT, SEED = int(sys.argv[1]), int(sys.argv[2])
MAX_UNITS = 40
MAX_LINE = 1 << 30

random_number = random.Random(SEED)
below, chance = random_number.randrange, random_number.random
lines_of = probe.holding.probe_lines
OUT = (ctypes.c_int32 * MAX_UNITS)()


def lnotab():
    """3.6 to 3.9: (bytes, lines) pairs; the end is where the bytecode ends, or beyond."""
    table = bytearray()
    for _ in range(below(12)):
        table.append(below(256) if chance() < 0.1 else 2 * below(12))
        table.append(below(256))
    return bytes(table)


def line_table(units, line):
    """3.10: (bytes, lines) ranges that cover the bytecode exactly; -128 is no line."""
    table = bytearray()
    left = 2 * units
    while left:
        length = min(left, 2 * below(8))
        step = -128 if chance() < 0.2 else below(255) - 127
        if step != -128:
            step = max(step, -line)
            line += step
        table += bytes((length, step & 255))
        left -= length
    return bytes(table)


def varint(value):
    out = bytearray()
    while value >= 64:
        out.append(0x40 | value & 63)
        value >>= 6
    out.append(value)
    return bytes(out)


def signed_varint(value):
    return varint(value << 1 if value >= 0 else -value << 1 | 1)


def locations(units, line):
    """3.11 on: entries of one to eight units, of every kind."""
    table = bytearray()
    while units:
        length = min(units, 1 + below(8))
        units -= length
        kind = below(16)
        table.append(0x80 | kind << 3 | length - 1)
        step = below(1 << below(28)) if chance() < 0.3 else below(200)
        step = -step if chance() < 0.5 else step
        if not 0 <= line + step <= MAX_LINE:
            step = -line
        if kind < 10:
            table.append(below(128))
        elif kind < 13:
            line += kind - 10
            table += bytes((below(128), below(128)))
        elif kind == 13:
            line += step
            table += signed_varint(step)
        elif kind == 14:
            line += step
            table += signed_varint(step) + varint(below(300)) + varint(below(300)) + varint(below(300))
    return bytes(table)


def template(count):
    """A code object of `count` two-byte instructions, whatever they do."""
    body = b'\x09\x00' * count  # never run
    if hasattr(plain, 'replace') and sys.version_info < (3, 11):
        return plain.replace(co_code=body)
    if sys.version_info >= (3, 11):
        source = 'x\n' * count
        return compile(source, 'fuzz.py', 'exec')
    return with_table(plain, plain.co_lnotab, 1, body)


def with_table(code, table, first_line, body=None):
    if sys.version_info >= (3, 10):
        return code.replace(co_linetable=table, co_firstlineno=first_line)
    if sys.version_info >= (3, 8):
        return code.replace(co_lnotab=table, co_firstlineno=first_line)
    return type(code)(code.co_argcount, code.co_kwonlyargcount, code.co_nlocals, code.co_stacksize,
                      code.co_flags, body or code.co_code, code.co_consts, code.co_names,
                      code.co_varnames, 'fuzz.py', 'fuzz', first_line, table)


def make(units, first_line):
    if sys.version_info >= (3, 11):
        return locations(units, first_line)
    return line_table(units, first_line) if sys.version_info >= (3, 10) else lnotab()


plain = compile('x', 'fuzz.py', 'exec')
templates = [template(count) for count in (1, 2, 3, 7, 12)]
compared = without_line = 0
for number in range(COUNT):
    code = templates[below(len(templates))]
    count = len(code.co_code) // 2
    first_line = 1 if chance() < 0.5 else below(1 << 20)
    code = with_table(code, make(count, first_line), first_line)
    theirs = lines_by_python(code, count)
    if lines_of(code, OUT, MAX_UNITS) != count:
        probe.fail('seed', SEED, 'table', number, 'was not described')
    for unit in range(min(count, MAX_UNITS)):
        expected = first_line if theirs[unit] is None else theirs[unit]
        without_line += theirs[unit] is None
        if OUT[unit] != expected:
            probe.fail('seed', SEED, 'table', number, 'at', unit, ':', OUT[unit],
                       'instead of', expected)
    compared += count
print(COUNT, 'tables,', compared, 'instructions,', without_line, 'of them without a line, seed', SEED)
if sys.version_info >= (3, 10) and COUNT > 100 and without_line == 0:
    probe.fail('no instruction without a line: this test tells too little')
