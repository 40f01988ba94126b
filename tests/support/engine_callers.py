"""The records of a report's sections "by engine caller", in the form in which two builds of one Python
can be compared.

A caller without a symbol is printed as MODULE`0xADDRESS. The address is another one in each build of a
package, security updates included. Comparable is that the record exists, with its sum and its buckets,
and that the address is what a return address must be: the byte after a call instruction.
"""
import itertools
import re
import struct

SECTION = re.compile(r'(Python \w+ byte distributions by engine caller:\n)(.*?)(?=\nPython )', re.S)
RECORD = re.compile(r'^   (\S+), total bytes = (-?\d+) $', re.M)
UNNAMED = re.compile(r'^(   \S+`)0x([0-9a-f]+)(?=, total bytes = )', re.M)
ROW = re.compile(r'^ +(-?\d+) \|@* +(\d+) +$', re.M)


def sums(sections):
    """{heading: [sum, {bucket: count}] over all records}, and the sections without those records."""
    totals = {}

    def fold(match):
        heading, records = match.groups()
        rows = {}
        for value, count in ROW.findall(records):
            rows[value] = rows.get(value, 0) + int(count)
        total = sum(int(number) for _, number in RECORD.findall(records))
        totals[heading] = [total, {value: count for value, count in rows.items() if count}]
        return heading + '(records)\n'

    return SECTION.sub(fold, sections), totals


def without_addresses(sections):
    """The sections with `no-symbol` instead of each address. Records with equal sums are ordered by
    that text; DTrace orders them by address."""
    def total(record):
        return RECORD.search(record).group(2)

    def rewrite(match):
        if not UNNAMED.search(match.group(2)):
            return match.group()
        records = [UNNAMED.sub(r'\1no-symbol', record.strip('\n'))
                   for record in match.group(2).split('\n\n') if record.strip('\n')]
        ordered = [record for _, equal in itertools.groupby(records, total) for record in sorted(equal)]
        return match.group(1) + ''.join(record + '\n\n' for record in ordered)

    return SECTION.sub(rewrite, sections)


def not_after_a_call(sections, program):
    """The unnamed callers in the program whose address does not follow a call instruction. Empty for a
    program that is loaded at a random address, since the report has run-time addresses."""
    code = Code(program)
    module = program[program.rindex('/') + 1:] + '`'
    found = [(prefix.strip(), int(address, 16)) for _, records in SECTION.findall(sections)
             for prefix, address in UNNAMED.findall(records)]
    return ['%s0x%x' % (prefix, address) for prefix, address in found
            if code.is_fixed and prefix == module and not code.follows_a_call(address)]


class Code:
    """The machine code of an ELF program for x86-64, by address."""

    EXECUTABLE_FILE, X86_64, LOADED, CAN_EXECUTE = 2, 62, 1, 1

    def __init__(self, path):
        with open(path, 'rb') as file:
            self._bytes = file.read()
        kind, machine = struct.unpack_from('<HH', self._bytes, 16)
        self.is_fixed = kind == self.EXECUTABLE_FILE and machine == self.X86_64
        start, = struct.unpack_from('<Q', self._bytes, 32)
        size, count = struct.unpack_from('<HH', self._bytes, 54)
        self._parts = []
        for header in range(start, start + size * count, size):
            kind, flags, offset, address, _, length = struct.unpack_from('<IIQQQQ', self._bytes, header)
            if kind == self.LOADED and flags & self.CAN_EXECUTE:
                self._parts.append((address, length, offset))

    def before(self, address, count):
        """The bytes before the address, or none where there is no code."""
        for start, length, offset in self._parts:
            if start + count <= address < start + length:
                end = offset + address - start
                return self._bytes[end - count:end]
        return b''

    def follows_a_call(self, address):
        direct = self.before(address, 5)
        if direct[:1] == b'\xe8':
            target = address + struct.unpack('<i', direct[1:])[0]
            return any(start <= target < start + length for start, length, _ in self._parts)
        return any(self._is_indirect_call(self.before(address, count)) for count in (2, 3, 4, 6, 7))

    @staticmethod
    def _is_indirect_call(code):
        """FF /2, which takes its target from a register or from memory, as long as its operand says."""
        if len(code) < 2 or code[0] != 0xff or code[1] >> 3 & 7 != 2:
            return False
        mode, base = code[1] >> 6, code[1] & 7
        length = 2
        if mode != 3 and base == 4:
            length += 1
            base = code[2] & 7 if len(code) > 2 else 0
        if mode == 2 or (mode == 0 and base == 5):
            length += 4
        elif mode == 1:
            length += 1
        return len(code) == length
