#!/usr/bin/env python3
"""Writes the seeds of capture_fuzz into the folder named: a capture of each kind, in the short form
that tests/fuzz/capture_fuzz.cpp reads. The layout of records: capture/record.h."""
import os
import struct
import sys

EVENTS, DEFINITIONS, SUMS = 0, 1, 2
CLOSED, OPEN, SEALED, RESERVED, EMPTIED = 0, 1, 2, 4, 5
ENDED, RING, SUMS_MODE, STACKS, RAW = 2, 4, 8, 16, 128


def words(*numbers):
    return b''.join(struct.pack('<Q', number & (2 ** 64 - 1)) for number in numbers)


def block(kind, state, writer, number, records, stamp=0, bits=0, thread=7):
    return struct.pack('<6BH', kind | state << 2, writer, number, stamp, bits, thread,
                       len(records) // 8) + records


def definition(what, number, payload):
    return words(7 | what << 3 | (1 + len(payload) // 8) << 8 | number << 32) + payload


def text(number, content, what=1, place=0, is_last=1):
    padded = content + bytes(-len(content) % 8)
    return definition(what, number, words(len(content) | place << 32 | is_last << 63) + padded)


def malloc(address, site, size):
    return words(1 | address >> 4 << 3 | site << 47, size)


def malloc_again(address, site, size):
    pair = size << 17 ^ site
    place = (pair * 0x9e3779b97f4a7c15 & (2 ** 64 - 1)) >> 55
    return words(6 | address >> 4 << 3 | place << 47)


def free(address, site):
    return words(2 | address >> 4 << 3 | site << 47)


def call(function, site, *values):
    return words(4 | function << 3 | site << 32, *values)


def turn(stamp, kind=0):
    return words(5 | kind << 3 | stamp << 5)


def move_end(stamp):
    return definition(8, 0, words(stamp))


def area(kind, start, pages, resident, name=b''):
    return definition(19, kind | len(name) << 8,
                      words(start, start + pages * 4096, resident * 4096) + name + bytes(-len(name) % 8))


def mapping(function, step, site, *values, caller=2, traits=0):
    return definition(16, site, words(function | step << 8 | traits << 16 | caller << 32, *values))


def mappings(site):
    """A range of which a part is released, one that is moved, and one whose release fails."""
    return (mapping(1, 1, site, 0x10000, 0x70000, traits=16) + mapping(2, 2, site, 0x72000, 0x3000) +
            mapping(0, 1, site, 0x4000, 0x71000, traits=4) + mapping(3, 2, site, 0x71000, 0x1000) +
            mapping(3, 4, site, 0x71000, 0x1000, 0x2000, 0x90000) + mapping(2, 2, site, 0x70000, 0x9000) +
            mapping(2, 3, site, 0x70000, 0x9000) + mapping(3, 2, site, 0x70000, 0x1000) +
            mapping(3, 5, site, 0x70000, 0x1000, 0x1000, 0x75000))


FACTS = (text(1, b'python3\0script.py\0', 7) + text(2, b'3.11.2', 7) + text(3, b'host\nLinux\n', 7) +
         text(4, b'PYMEMFLOW_RING=1\n', 7))
NAMES = b''.join([
    text(1, b'/usr/lib/script.', is_last=0), text(1, b'py', place=1), text(2, b'function'),
    text(3, bytes([0x80, 0x10, 0xf0, 0x0d])), definition(2, 1, words(1 | 2 << 32, 3 | 5 << 32, 2)),
    text(4, b'/lib/libc.so.6'), definition(5, 4, words(0x7000, 0x9000, 0, 20, 1, 2, 3, 4)),
    definition(3, 1, words(1 | 2 << 32)), definition(4, 2, words(0x8000, 4)),
    definition(3, 3, words(1 | 0xffffffff << 32))])
DEFINED = block(DEFINITIONS, CLOSED, 0, 1, FACTS) + block(DEFINITIONS, OPEN, 1, 1, NAMES)
FIRST = (turn(1) + definition(6, 8, b'') + malloc(0x1000, 1, 1477) + malloc_again(0x2000, 1, 1477) +
         words(3 | 0x2000 >> 4 << 3 | 1 << 47, 3 | 4 << 32) + free(0x1000, 2) +
         call(3, 1, 0x2000, 99, 0x3000) + move_end(9) + turn(10) + call(5, 3, 64, 128, 0x4000))
SECOND = (turn(2) + turn(5, 2) + turn(7, 1) + definition(12, 77, b'') + definition(12, 0, words(9)) + malloc(0x1000, 3, 2 ** 63) + call(3, 2, 0x1000, 5, 0x2000) + move_end(5) +
          malloc(0x1000, 1, 0) + malloc_again(0x3000, 1, 0) + free(0x1000, 3))
TREE = b''.join([definition(13, 16, words(1 << 32)), definition(13, 18, words(17 | 2 << 32)),
                 definition(13, 17, words(16 | 3 << 32)), definition(13, 20, words(20 | 1 << 32))])
STACKED = (turn(1) + definition(14, 18, b'') + malloc(0x1000, 1, 99) + definition(15, 3, b'') +
           free(0x1000, 2) + definition(14, 16, b'') + call(3, 3, 0x2000, 99, 0x3000) +
           malloc_again(0x2000, 1, 99) + malloc(0x5000, 9, 1) + definition(9, 1, b''))


def cell(key, *slots):
    return words(key, 0, *(slots + (0,) * (6 - len(slots))))


SEEDS = {
    'full': bytes([ENDED]) + DEFINED + block(EVENTS, SEALED, 1, 1, FIRST) +
            block(EVENTS, OPEN, 1, 2, malloc(0x5000, 1, 8), stamp=10) +
            block(EVENTS, CLOSED, 2, 1, SECOND),
    'killed': bytes([0]) + DEFINED + block(EVENTS, RESERVED, 1, 1, FIRST) +
              block(EVENTS, OPEN, 1, 1, FIRST) + block(EVENTS, EMPTIED, 2, 2, b''),
    'ring': bytes([RING]) + DEFINED + block(EVENTS, CLOSED, 1, 5, FIRST) +
            block(EVENTS, OPEN, 1, 6, SECOND, stamp=11) + block(EVENTS, EMPTIED, 1, 4, FIRST),
    'sums': bytes([SUMS_MODE | ENDED]) + DEFINED + block(EVENTS, OPEN, 1, 3, FIRST) +
            block(SUMS, CLOSED, 1, 1, cell(1 << 32 | 1 << 8 | 70, 1, 5, 500, 2, 6, 600) +
                  cell(2 << 32 | 4 << 8 | 63, 2, 1, 0) + cell(2 << 8 | 63, 1, 9, 0, 3, 10, 0)),
    'damaged': bytes([1 | ENDED]) + DEFINED + block(EVENTS, SEALED, 1, 1, FIRST, bits=1) +
               block(EVENTS, SEALED, 1, 2, FIRST, bits=2) + block(EVENTS, CLOSED, 1, 4, SECOND),
    'stacks': bytes([STACKS | ENDED]) + DEFINED + block(DEFINITIONS, OPEN, 2, 1, TREE) +
              block(EVENTS, SEALED, 1, 1, STACKED) + block(EVENTS, CLOSED, 1, 2, STACKED, stamp=3),
    'mappings': bytes([64]) + DEFINED + block(EVENTS, SEALED, 1, 1, turn(1) + mappings(1)) +
                block(EVENTS, OPEN, 1, 2, malloc(0x5000, 1, 8) + mappings(3), stamp=10) +
                block(EVENTS, CLOSED, 2, 1, turn(3) + mappings(2) + mapping(9, 9, 1, 1, 1)),
    'mappings-stacks': bytes([64 | STACKS | ENDED]) + DEFINED + block(DEFINITIONS, OPEN, 2, 1, TREE) +
                       block(EVENTS, SEALED, 1, 1, STACKED + mappings(1) + mappings(2) + mappings(7)),
    'memory': bytes([64]) + DEFINED +
              block(EVENTS, SEALED, 1, 1, turn(1) + definition(18, 4000, b'') + malloc(0x1000, 1, 8)) +
              block(EVENTS, OPEN, 1, 2, turn(9) + definition(18, 5000, words(1 << 20, 4096)) +
                    definition(11, 1, words(9) + b'a' + bytes(7)) + definition(18, 6000, words(1)), stamp=2),
    'map': bytes([ENDED]) + block(DEFINITIONS, CLOSED, 0, 1, FACTS + area(2, 0x4000, 8, 3, b'[heap]') +
                                  definition(20, 0, words(1, 7)) + area(1, 0x100000, 300, 90) +
                                  definition(20, 1, words(1)) + definition(20, 3, words(1, 3)) +
                                  area(6, 0x100000, 4, 0) + area(7, 0x101000, 1, 0) +
                                  definition(21, 4, words(4096, 93 * 4096, 100 * 4096, 0))) +
           block(DEFINITIONS, OPEN, 1, 1, NAMES) + block(EVENTS, SEALED, 1, 1, FIRST + malloc(0x5000, 1, 99)),
    'raw': bytes([RAW]) + words(0x31574f4c464d5950, 2 | 4711 << 32) + bytes(4096),
}


def main(folder):
    for name, seed in SEEDS.items():
        with open(os.path.join(folder, name), 'wb') as file:
            file.write(seed)


main(sys.argv[1])
