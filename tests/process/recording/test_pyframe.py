"""pyframe finds the same frames and lines as every Python itself: the programs in tests/victims/pyframe
compare the two within one process. Its layouts agree with Python's headers."""
import ast
import os
import re
import subprocess

import pytest

import built
import versions

# Fields that a Python without their names has all the same.
DEFAULTS = {'text_kind_bit': 2}


def situations():
    """The names of the tuple SITUATIONS in frames.py, which only a traced Python can import."""
    with open(built.victim('pyframe/frames.py'), encoding='utf-8') as file:
        for node in ast.parse(file.read()).body:
            if isinstance(node, ast.Assign) and node.targets[0].id == 'SITUATIONS':
                return [name.id for name in node.value.elts]
    raise ValueError('frames.py has no SITUATIONS')


@pytest.fixture
def probe(python, trace, build):
    """probe(program, *arguments) runs a program of tests/victims/pyframe and returns its output."""
    assert build.path('pyframe_probe')

    def run(program, *arguments, **options):
        # Files of the path's length are compared too: the program is not started by a short name.
        done = trace('pyframe/%s.py' % program, *arguments, preload=False, **options)
        if done.status == 77:
            pytest.skip(done.stdout.strip().split('\n')[-1])
        assert done.status == 0, done.stdout + done.stderr
        assert python.is_known
        return done.stdout

    return run


@pytest.mark.parametrize('situation', situations())
def test_frames(probe, situation):
    assert int(probe('frames', situation).split()[0]) > 1


def test_threads(probe):
    assert probe('threads').startswith('0 of ')


def test_without_gil(probe):
    assert probe('without_gil').startswith('0 of ')


def test_code_death(probe):
    assert ' deaths at ' in probe('code_death')


def test_lines(probe):
    assert int(probe('lines').split('\n')[-2].split()[0]) >= 100000


def test_self_check(probe):
    assert ' changes noticed, ' in probe('self_check')


def test_subinterpreter(probe):
    assert probe('subinterpreter').startswith('compared inside: 1')


def format_of(python):
    """The format of line tables: three were in use."""
    return (python.version >= (3, 10)) + (python.version >= (3, 11))


@pytest.mark.soak('lines')
def test_random_line_tables(probe, python, every_python, length, rng):
    if length.is_long:
        first = next(other for other in every_python if format_of(other) == format_of(python))
        if python != first:
            pytest.skip('Python %s has the same format of line tables' % first.id)
    count = length.pick(20000, 1000000)
    output = probe('random_tables', count, rng.randrange(2**32), timeout=length.pick(100, 3600))
    instructions = re.match(r'%d tables, (\d+) instructions' % count, output).group(1)
    length.say('%d tables of Python %s, %s instructions, 0 differences'
               % (count, python.minor, instructions))


# --------------------------------------------------------------------------------------- the layouts
def by_headers(*words):
    """The row that the headers of a Python give."""
    # scripts/aarch64 has a program of its own for it.
    script = os.environ.get('PMF_PRINT_LAYOUTS', os.path.join(built.ROOT, 'scripts', 'print_layouts'))
    done = subprocess.run([script, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, check=False)
    if done.returncode == 3 and 'Python.h' in done.stderr:
        pytest.skip('this Python has no headers')
    assert done.returncode == 0, done.stderr
    return done.stdout


def squeeze(text):
    return re.sub(r'\s+', '', text).rstrip(',')


def has_row(printed, left_out=None):
    with open(os.path.join(built.ROOT, 'pyframe', 'layouts', 'versions.def'), encoding='utf-8') as file:
        text = file.read()
    return squeeze(printed) in squeeze(re.sub(left_out, '', text) if left_out else text)


@pytest.mark.needs('cc')
class TestLayouts:
    def test_in_use_is_the_one_of_the_headers(self, probe, python):
        row = by_headers('--frame', python.path)
        expected = {name: int(value) for name, value in re.findall(r'\.(\w+) = (\d+)', row)}
        in_use = {name: int(value) for name, value in re.findall(r'(\w+)=(\d+)', probe('layout'))}
        assert in_use == {name: expected.get(name, DEFAULTS.get(name, 0)) for name in in_use}
        assert set(expected) - set(in_use) <= {'major', 'minor'}

    @pytest.mark.known_python
    def test_rows(self, python):
        row = by_headers('--frame', python.path)
        if python.is_free_threaded or 'header_growth' in row:
            pytest.skip('Python %s has no row: it is a build of its own' % python.id)
        assert has_row(row)
        assert has_row(by_headers('--published', python.path))

    def test_row_of_tracing(self, python):
        if python.version[:2] > versions.LAST_PROBED or python.is_free_threaded:
            pytest.skip('Python %s cannot be probed' % python.minor)
        # The opcodes come last in a row, and no header has them.
        assert has_row(by_headers('--trace', python.path),
                       left_out=r',\s*\.(call|loop)_opcodes = \{.*?\}')
