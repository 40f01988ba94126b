#!/usr/bin/env python3
"""Writes the seeds of the fuzzers other than that of captures (make_corpus.py):

    python3 make_seeds.py line_table|options|gate FOLDER

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
    for name, seed in {'line_table': line_table, 'options': options, 'gate': gate}[fuzzer]():
        with open(os.path.join(folder, name), 'wb') as file:
            file.write(seed)


main(*sys.argv[1:])
