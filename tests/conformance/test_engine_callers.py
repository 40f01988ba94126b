"""The comparison of engine callers between two builds of one Python (tests/support/engine_callers.py)."""
import os
import struct
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'support'))
import engine_callers  # noqa: E402 (found by the line above)

START = 0x400000
HEADING = 'Python malloc byte distributions by engine caller:\n'
END = '\nPython malloc byte distributions by Python file and function:\n'


def record(caller, total):
    return '   %s, total bytes = %d \n           value  ------------- count    \n' % (caller, total) + \
        '            512 |@@@@@@ %d        \n\n' % total


def section(*records):
    return HEADING + ''.join(record(*each) for each in records) + END


def program(folder, code, kind=2):
    """An ELF file with the code at START + 0x100; its path."""
    header = struct.pack('<4sBBB9xHHIQQQIHHHHHH', b'\x7fELF', 2, 1, 1, kind, 62, 1, START, 64, 0, 0, 64,
                         56, 1, 0, 0, 0)
    part = struct.pack('<IIQQQQQQ', 1, 5, 0, START, START, 0x200, 0x200, 0x1000)
    path = folder / 'python3'
    path.write_bytes((header + part).ljust(0x100, b'\x90') + code.ljust(0x100, b'\x90'))
    return str(path)


def test_addresses_do_not_matter():
    one = section(('python3`0x4d47db', 768), ('python3`PyObject_Calloc', 768))
    other = section(('python3`PyObject_Calloc', 768), ('python3`0x4fed8b', 768))
    assert engine_callers.without_addresses(one) == engine_callers.without_addresses(other)


@pytest.mark.parametrize('other', [
    section(('python3`0x4fed8b', 769)),
    section(('libc.so.6`0x4d47db', 768)),
    section(('python3`PyObject_Calloc', 768)),
    section(('python3`0x4d47db', 768), ('python3`0x4d47e0', 8)),
    section(('python3`0x4d47db', 768)).replace('512 |', '256 |'),
    section(('python3`0x4d47db', 768), ('python3`f', 7)),
], ids=['sum', 'module', 'name', 'record', 'bucket', 'more'])
def test_everything_else_does(other):
    one = section(('python3`0x4d47db', 768))
    assert engine_callers.without_addresses(one) != engine_callers.without_addresses(other)


def test_records_with_unequal_sums_keep_their_order():
    first, second = ('python3`0x4d47db', 8), ('python3`f', 9)
    assert (engine_callers.without_addresses(section(first, second)) !=
            engine_callers.without_addresses(section(second, first)))


@pytest.mark.parametrize('code', [
    b'\xe8\x00\xff\xff\xff', b'\xff\xd0', b'\x41\xff\xd4', b'\xff\x50\x18', b'\xff\x54\x24\x08',
    b'\xff\x15\x00\x01\x00\x00', b'\xff\x90\x00\x01\x00\x00', b'\xff\x94\x24\x00\x01\x00\x00',
], ids=lambda code: code.hex())
def test_the_byte_after_a_call_is_a_return_address(tmp_path, code):
    path = program(tmp_path, code)
    good = START + 0x100 + len(code)
    assert engine_callers.not_after_a_call(section(('python3`%#x' % good, 8)), path) == []
    for bad in (good - 1, good + 1, START + 0x180, 0x10):
        name = 'python3`%#x' % bad
        assert engine_callers.not_after_a_call(section((name, 8)), path) == [name]


def test_a_jump_is_no_call(tmp_path):
    path = program(tmp_path, b'\xe9\x00\xff\xff\xff\xff\xe0')
    names = ['python3`%#x' % address for address in (START + 0x105, START + 0x107)]
    assert engine_callers.not_after_a_call(section(*((name, 8) for name in names)), path) == names


def test_other_modules_and_programs_at_random_addresses_are_not_looked_at(tmp_path):
    assert engine_callers.not_after_a_call(section(('libc.so.6`0x10', 8)), program(tmp_path, b'')) == []
    at_random = program(tmp_path, b'', kind=3)
    assert engine_callers.not_after_a_call(section(('python3`0x10', 8)), at_random) == []
