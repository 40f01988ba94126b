"""Each option, environment variable, report format and limit of the gate has its row on its page in
docs/. The names come from the tables of the sources, so a new row without documentation fails here."""
import os
import re

import pytest

import tables
from built import ROOT


def page(name):
    with open(os.path.join(ROOT, 'docs', name), encoding='utf-8') as file:
        return file.read()


def first_cells(name):
    """The first cell of each row of each table of the page."""
    return re.findall(r'(?m)^\| *([^|]+?) *\|', page(name))


def row_of(name, cell):
    """The row of the page that begins with this cell."""
    rows = [line for line in page(name).splitlines() if line.startswith('| %s |' % cell)]
    assert len(rows) == 1, 'docs/%s has %d rows for %s' % (name, len(rows), cell)
    return rows[0]


@pytest.mark.parametrize('option', tables.options(), ids=lambda option: option.name)
def test_option(option):
    """docs/options.md has the variable, the option, its default and the values that it takes."""
    rows = [line for line in page('options.md').splitlines()
            if line.startswith('| `%s=' % option.variable)]
    assert len(rows) == 1, 'docs/options.md has no row for %s' % option.variable
    assert re.search(r'`%s\b[^`]*`' % option.spelling, rows[0]), rows[0]
    for value in option.values:
        assert re.search(r'`%s\b' % re.escape(value), rows[0]), '%s is missing: %s' % (value, rows[0])


@pytest.mark.parametrize('alias', tables.aliases(), ids=lambda alias: alias[0])
def test_alias(alias):
    name, option, value = alias
    assert '`PYMEMFLOW_%s=%s`' % (option.upper(), value) in row_of(
        'options.md', '`PYMEMFLOW_%s=1`' % name.upper())


def test_no_option_is_invented():
    variables = set(re.findall(r'\bPYMEMFLOW_[A-Z_]+', page('options.md')))
    known = {option.variable for option in tables.options()}
    known |= {'PYMEMFLOW_' + alias[0].upper() for alias in tables.aliases()}
    assert variables - {'PYMEMFLOW_'} == known


@pytest.mark.parametrize('name', tables.formats())
def test_format(name):
    """docs/reports.md has a row and a section; docs/options.md lists the name."""
    assert re.search(r'(?m)^\| `%s`(?: \(default\))? \|' % name, page('reports.md'))
    assert re.search(r'(?m)^## %s$' % name, page('reports.md'))
    row, = [line for line in page('options.md').splitlines() if '`PYMEMFLOW_FORMAT=NAME` |' in line]
    assert '`%s`' % name in row


@pytest.mark.parametrize('name, unit', tables.limits())
def test_limit(name, unit):
    row_of('gate.md', '`--%s %s`' % (name, {'Bytes': 'SIZE', 'Count': 'N'}[unit]))


@pytest.mark.parametrize('name', tables.gate_outputs())
def test_output_of_the_gate(name):
    row_of('gate.md', '`--%s FILE`' % name)


def test_mode_of_overhead():
    with open(os.path.join(ROOT, 'cli', 'overhead', 'modes.def'), encoding='utf-8') as file:
        names = re.findall(r'(?m)^PMF_MODE\("(\w+)"', file.read())
    assert names
    for name in names:
        row_of('overhead.md', '`%s`' % name)


# Commands whose own page is not docs/command.md. The limits and outputs of the gate are tested above.
PAGES = {'gate': ('gate.md',), 'diff': ('diff.md',), 'doctor': ('troubleshooting.md', 'command.md'),
         'overhead': ('overhead.md',)}


def test_every_option_of_every_command(build):
    """Also options that no table has, such as --no-children."""
    known = {option.spelling for option in tables.options()} | {'--help'}
    missing = []
    for command in tables.commands():
        help_text = os.popen("'%s' help %s" % (build.command, command)).read()
        pages = ''.join(map(page, PAGES.get(command, ('command.md', 'options.md'))))
        for name in set(re.findall(r'(?m)^  (?:-\w,)?(--[a-z-]+)', help_text)) - known:
            if not re.search(re.escape(name) + r'(?![a-z-])', pages):
                missing.append('%s %s' % (command, name))
        if not re.search(r'`(?:pymemflow )?%s\b' % command, page('command.md')):
            missing.append(command)
    assert not missing, 'not in docs/: ' + ', '.join(missing)
