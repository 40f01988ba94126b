#!/usr/bin/env python3
"""Writes the seeds of the fuzzers other than that of captures (make_corpus.py):

    python3 make_seeds.py line_table|options|gate|unwind FOLDER

Line tables are those of modules of the Python that runs this: run it once with one of up to 3.9, with
3.10 and with one of 3.11 or later.
"""
import argparse
import json
import os
import string
import struct
import sys
import textwrap
import types


def codes_of(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes_of(constant)


def line_table():
    """The format by its number, the first line, an instruction in the middle."""
    kind = 0 if sys.version_info < (3, 10) else 1 if sys.version_info < (3, 11) else 2
    for module in (string, textwrap, argparse):
        with open(module.__file__, encoding='utf-8') as file:
            top = compile(file.read(), module.__name__, 'exec')
        for code in codes_of(top):
            table = code.co_lnotab if kind == 0 else code.co_linetable
            if len(table) < 200:
                name = '%d-%s-%d' % (kind, module.__name__, code.co_firstlineno)
                yield name, struct.pack('<Bii', kind, code.co_firstlineno,
                                        len(code.co_code) // 4 * 2) + table


# Instructions of .eh_frame: what compilers write, and what assembly does.
FRAME_PROGRAMS = {
    'pushes': '41 0e10 8602 41 0e18 8303 0a 02 0a 0e10 0b',
    'frame-pointer': '41 0e10 8602 43 0d06 5a 0c0708',
    'plt': '0e10 46 0e18 4a 0f0b 7708 8000 3f 1a 3b 2a 33 24 22',
    'realigned': '45 0c0a00 49 10060276 00 46 0f03767806',
    'signal': '0f047708a00106 100602 77f800 101003 77a801',
    'rare': '0706 0806 090603 0601 2e10 2f0602 110602 120704 1302 140602 150602 16060176 2d',
}


def unwind():
    """The address, .eh_frame_hdr with one row, a CIE and an FDE."""
    for name, text in FRAME_PROGRAMS.items():
        for table in (0x3b, 0xff):
            for augmentation in (b'zR', b'zRS', b'zPLR'):
                data = {b'zR': b'\x1b', b'zRS': b'\x1b', b'zPLR': b'\x9b\0\0\0\0\x1b\x1b'}[augmentation]
                cie = struct.pack('<IB', 0, 1) + augmentation + b'\0\x01\x78\x10' + bytes([len(data)]) + data
                cie += b'\x0c\x07\x08\x90\x01'
                cie += bytes(-len(cie) % 4)
                first = 12 + 8
                fde = first + 4 + len(cie)
                body = struct.pack('<IiI', fde + 4 - first, 1000 - (fde + 8), 100) + b'\0'
                body += bytes.fromhex(text)
                body += bytes(-len(body) % 4)
                header = struct.pack('<BBBBiIii', 1, 0x1b, 3, table, first - 4, 1, 1000, fde)
                yield '%s-%x-%s' % (name, table, augmentation.decode()), (
                    struct.pack('<i', 1000 + 12) + header + struct.pack('<I', len(cie)) + cie +
                    struct.pack('<I', len(body)) + body + bytes(4))


SIZES = ['0', '4096', '4096B', '1.5MB', '32MiB', '64K', '0.000001TiB', '16777215.999999TB',
         '18446744073709551615', '18446744073709551616', '16777216T', '1.5', '7kb', '1..5', '9GiBs']
ENVIRONMENTS = [
    'PATH=/bin\nPYMEMFLOW_OUTPUT=report.%p\nPYMEMFLOW_RING=1MiB',
    '_CAPTURE=/tmp/%p.%t\n_CAPTURE_LIMIT=1.5GB\n_FLOW=off',
    '_ATTRIBUTION=probe\n_COMPAT=dtrace-2020\n_START=manual\n_FULL_FILE_PATH=yes',
    '_PYTHON_CALL_STACK=1\n_SUMMARY=true\n_ATTRIBUTION=frame\n_COMPAT=none',
    '_OUTPUT=\nPYMEMFLOW_NOTHING=1\nPYMEMFLOW_RING', '_RING=-1\n_FLOW=maybe\n_START=soon',
    '_OUTPUT=' + 5000 * 'x', '_CAPTURE=/' + 4095 * 'y',
    '_OUTPUT=/' + 2100 * 'x' + '\n_CAPTURE=/' + 2100 * 'y', '_OUTPUT=/' + 4078 * 'x']


def options():
    for number, text in enumerate(SIZES):
        yield 'size-%d' % number, b's' + text.encode()
    for number, text in enumerate(ENVIRONMENTS):
        yield 'environment-%d' % number, b'0' + text.encode()


def baseline(sites, version=2, key='sites'):
    return b'b' + json.dumps({'pymemflow-baseline': version, key: sites}, indent=2).encode()


def names(*texts):
    return b'n' + b'\0'.join(texts)


def gate():
    yield 'suppressions', (b's# what is known\nleak.py:make\n*/site-packages/*  # others\n'
                           b'libsomething.so`make_*\n[a-l]eak.py\n\\[odd\\]?\n')
    yield 'stars', b's' + b'*a' * 40 + b'b\n' + b'[[:alpha:]]*[!x]?\n'
    yield 'baseline', baseline({'leak.py:make': {'blocks': 10, 'bytes': 10000},
                                'libfoo.so`new': {'blocks': 1, 'bytes': 2 ** 64 - 1}})
    yield 'baseline-1', baseline({'leak.py:make': {'blocks': 10, 'bytes': 10000}}, 1, 'places')
    yield 'odd-baseline', baseline({'a': {'blocks': -1, 'bytes': 1.5}})
    yield 'deep-baseline', b'b' + b'[' * 500 + b']' * 500
    yield 'percentage', b'b5.25%'
    yield 'names', names(b'/usr/lib/python3.11/site-packages/some/leak.py', b'make', b'python3 x')
    yield 'escapes', names(b'/tmp/\x1b]0;title\x07.py', b'\xc2\x9b31m*[?]# ', b'a\x7f\nb\xef\xbf\xbf')
    yield 'caller', names(b'libc.so.6`0x1234', b'<lambda>', '\u30d5\u30a1'.encode() + b'&<"\xff')


def main(fuzzer, folder):
    fuzzers = {'line_table': line_table, 'options': options, 'gate': gate, 'unwind': unwind}
    for name, seed in fuzzers[fuzzer]():
        with open(os.path.join(folder, name), 'wb') as file:
            file.write(seed)


main(*sys.argv[1:])
