"""The tables of the C++ sources, such as functions.def and options.def.

A row is `MACRO(word, "text", Word)`, on one line or on several. Tests that check something for every row
read the tables here.
"""
import os
import re
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLES = {'functions.def': 'capture', 'other_hooks.def': 'interpose/originals',
          'api.def': 'interpose/library', 'options.def': 'options', 'formats.def': 'report/formats',
          'limits.def': 'cli/gate', 'outputs.def': 'cli/gate', 'commands.def': 'cli/commands'}
_ROW = re.compile(r'^(PMF_\w+)\((.*?)\)$', re.MULTILINE | re.DOTALL)
# A text (several in a row are one), or a word, whose parentheses may hold commas.
_WORD = re.compile(r'((?:"(?:[^"\\]|\\.)*"\s*)+|(?:[^,"()]|\([^)]*\))+)(?:,|$)')

Function = namedtuple('Function', 'name arguments effect where')
Option = namedtuple('Option', 'name variable spelling values')


def _word(text):
    pieces = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    return ''.join(pieces) if pieces else text.strip()


def rows(name, macro=None):
    """The words of each row, in order; only those of one macro if it is given."""
    with open(os.path.join(ROOT, TABLES[name], name), encoding='utf-8') as file:
        found = [tuple(_word(word) for word in _WORD.findall(arguments))
                 for used, arguments in _ROW.findall(file.read()) if macro in (None, used)]
    if not found:
        raise ValueError('%s has no rows' % name)
    return found


def options():
    """The options, as variables of the environment and on the command line, with their few values."""
    found = []
    for _, name, kind, default, value, _, _ in rows('options.def', 'PMF_OPTION'):
        is_off = kind == 'Switch' and default == 'true'
        values = value.split('|') if '|' in value and kind != 'Switch' else []
        found.append(Option(name, 'PYMEMFLOW_' + name.upper().replace('-', '_'),
                            ('--no-' if is_off else '--') + name, values))
    return found


def aliases():
    """(name, option, value) of each."""
    return rows('options.def', 'PMF_ALIAS')


def formats():
    return [row[0] for row in rows('formats.def')]


def limits():
    """(name, 'Bytes' or 'Count') of each limit of the gate."""
    return [row[1:3] for row in rows('limits.def')]


def gate_outputs():
    return [row[0] for row in rows('outputs.def')]


def commands():
    return [row[0] for row in rows('commands.def')]


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
