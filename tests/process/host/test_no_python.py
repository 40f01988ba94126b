"""A process in which no Python runs shows nothing of the library: same output, same exit code."""
import shutil

import pytest

import runs

PROGRAMS = {
    'ls': ['ls', '/'],
    'shell': ['sh', '-c', 'ls / | wc'],
    'failure': ['sh', '-c', 'echo out; echo err >&2; exit 7'],
    'killed': ['sh', '-c', 'kill -9 $$'],
    'perl': ['perl', '-e', 'print 1 x 100; exit 3'],
    'first_dlerror': ['first_dlerror'],
}
WRONG_OPTIONS = {'PYMEMFLOW_NOSUCH': '1', 'PYMEMFLOW_OUTPUT': ''}


def check_is_left_alone(build, words, **variables):
    without = runs.Run(words, runs.environment(**variables))
    traced = runs.Run(words, runs.environment(LD_PRELOAD=build.library, **variables))
    assert ((traced.status, traced.stdout, traced.stderr) ==
            (without.status, without.stdout, without.stderr))


@pytest.mark.parametrize('variables', [{}, WRONG_OPTIONS], ids=['plain', 'wrong options'])
@pytest.mark.parametrize('name', PROGRAMS)
def test_is_left_alone(build, name, variables):
    words = PROGRAMS[name]
    if name == 'first_dlerror':
        words = [build.path(name)]
    elif shutil.which(words[0]) is None:
        pytest.skip(words[0] + ' is not installed')
    check_is_left_alone(build, words, **variables)


@pytest.mark.one_python
def test_interpreter_is_left_alone(build, python):
    """Needs valid options: bad ones are reported before it is known whether Python will run."""
    check_is_left_alone(build, [python.path, '--version'])


def test_needs_no_environment(build):
    run = runs.Run(['/bin/true'], {'LD_PRELOAD': build.library})
    assert (run.status, run.stdout, run.stderr) == (0, '', '')


@pytest.mark.one_python
def test_is_seen_where_python_runs(trace):
    """The comparisons above would notice the library."""
    run = trace.code('pass', output=None)
    assert run.status == 0
    assert 'dtrace:::BEGIN' in run.stderr
