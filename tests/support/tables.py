"""The tables of the C++ sources: functions.def, other_hooks.def and api.def.

A row is `MACRO(word, "text", Word)`. Tests that check something for every row read the tables here.
"""
import os
import re
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLES = {'functions.def': 'capture', 'other_hooks.def': 'interpose/originals',
          'api.def': 'interpose/library'}
_ROW = re.compile(r'^(PMF_\w+)\((.*)\)$', re.MULTILINE)

Function = namedtuple('Function', 'name arguments effect where')


def rows(name):
    """The words of each row, in order."""
    with open(os.path.join(ROOT, TABLES[name], name), encoding='utf-8') as file:
        found = [tuple(word.strip().strip('"') for word in arguments.split(','))
                 for _, arguments in _ROW.findall(file.read())]
    if not found:
        raise ValueError('%s has no rows' % name)
    return found


def functions():
    """The allocator functions, those of other systems too."""
    return [Function(*row) for row in rows('functions.def')]


def functions_here():
    return [function for function in functions() if function.where in ('Everywhere', 'Linux')]


def exported_names():
    """Every name that the library exports on Linux."""
    other = [row[0] for row in rows('other_hooks.def') if row[1] in ('Everywhere', 'Linux')]
    return {function.name for function in functions_here()} | set(other) | {
        row[0] for row in rows('api.def')}
