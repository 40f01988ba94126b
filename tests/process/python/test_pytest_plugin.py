"""The pytest plugin, tested with pytest's own fixture for plugins. It runs under the Python of pytest."""
import os
import sys
import xml.etree.ElementTree

import pytest

import built

HEAD = '''
import ctypes, os, pytest
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
free.restype, free.argtypes = None, (ctypes.c_void_p,)
def leak():
    for _ in range(10):
        malloc(1000)
def clean():
    free(malloc(3000000))
'''
LEAKING = HEAD + '''
@pytest.mark.limit_leaks('4KiB', runs=3)
@pytest.mark.parametrize('number', range(50))
def test_number(number):
    (leak if number == 33 else clean)()
'''


@pytest.fixture
def run(pytester, monkeypatch, build):
    """Runs pytest on a file in a process of its own."""
    for name in list(os.environ):
        if name.startswith(('PYMEMFLOW_', 'PYTEST_')) or name == 'LD_PRELOAD':
            monkeypatch.delenv(name)
    monkeypatch.setenv('PYTHONPATH', os.path.join(built.ROOT, 'python'))
    monkeypatch.setenv('PYTEST_DISABLE_PLUGIN_AUTOLOAD', '1')

    def call(text, *arguments):
        pytester.makepyfile(text)
        words = ('-p', 'pymemflow.pytest_plugin', '-p', 'no:cacheprovider',
                 '--pymemflow-library=' + build.library, *(('-p', 'xdist') if '-n' in arguments else ()))
        return pytester.run(sys.executable, '-m', 'pytest', *(words + arguments), timeout=100)
    return call


@pytest.mark.parametrize('more', [(), ('-n', '2')], ids=['one', 'xdist'])
def test_one_of_fifty_leaks(run, more):
    if more:
        pytest.importorskip('xdist')
    result = run(LEAKING, '--pymemflow', *more)
    result.assert_outcomes(passed=49, failed=1)
    text = result.stdout.str()
    assert text.count('::test_number[33] leaks 10000 bytes in 10 blocks each run; limit_leaks allows '
                      '4096 bytes\n') == 1
    place = 'test_one_of_fifty_leaks.py:%d leak' % (LEAKING.split('\n').index('        malloc(1000)'))
    assert '10000 bytes in 10 blocks  ' + place in text
    # Not a traceback of ours.
    assert 'pytest_plugin' not in text.partition('= FAILURES =')[2]
    assert text.count('50 tests measured, 1 over a memory limit') == 1
    assert result.ret == 1


def test_without_it_marks_hold_nothing_up(run):
    result = run(LEAKING + '''
def test_no_library():
    assert 'LD_PRELOAD' not in os.environ
''')
    result.assert_outcomes(passed=51)
    assert 'Unknown' not in result.stdout.str()
    assert 'over a memory limit' not in result.stdout.str()


def test_peak(run):
    result = run(HEAD + '''
@pytest.mark.limit_peak('2MiB')
def test_over():
    clean()
@pytest.mark.limit_peak('4MiB')
def test_within():
    clean()
''', '--pymemflow')
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(['*::test_over live memory rose by 30* bytes above its start; limit_peak '
                                 'allows 2097152 bytes'])


ONCE = HEAD + '''
kept = []
def test_keeps_once():
    if len(kept) == 1:
        kept.append(malloc(500000))
    kept.append(1)
def test_leaks():
    leak()
def test_fails():
    assert not 'this is the failure'
'''


def test_default_limit(run):
    """Memory that a test keeps in one run only is not a leak. A failing test keeps its own failure."""
    for words in (('--pymemflow-limit-leaks', '4KiB'), ('-o', 'pymemflow_limit_leaks=4KiB')):
        result = run(ONCE, '--pymemflow', *words)
        result.assert_outcomes(passed=1, failed=2)
        result.stdout.fnmatch_lines(['*::test_leaks leaks 10000 bytes*',
                                     "*AssertionError*", '2 tests measured, 1 over a memory limit'])
    run(ONCE, '--pymemflow').assert_outcomes(passed=2, failed=1)


def test_runs(run, pytester):
    result = run('''
import pytest
@pytest.mark.limit_leaks('1MiB', runs=7)
def test_counts():
    with open('runs', 'a') as file:
        file.write('x')
''', '--pymemflow')
    result.assert_outcomes(passed=1)
    assert (pytester.path / 'runs').read_text() == 'x' * 7


def test_preload_and_arguments_stay(run, monkeypatch):
    monkeypatch.setenv('LD_PRELOAD', 'libm.so.6')
    result = run('''
import os
def test_it(request):
    assert os.environ['LD_PRELOAD'].endswith('libpymemflow.so:libm.so.6')
    assert request.config.getoption('keyword') == 'it or (blank and it)'
    os.system('echo said by a child')
    print('said by the test')
''', '--pymemflow', '-k', 'it or (blank and it)', '-s')
    result.assert_outcomes(passed=1)
    assert 'said by the test' in result.stdout.str() and 'said by a child' in result.stdout.str()
    assert result.stderr.str() == ''


def test_junit(run, pytester):
    run(LEAKING, '--pymemflow', '--junitxml=junit.xml', '-k', '33 or 34')
    cases = xml.etree.ElementTree.parse(str(pytester.path / 'junit.xml')).iter('testcase')
    values = {}
    for case in cases:
        values[case.get('name')] = {each.get('name'): each.get('value')
                                    for each in case.iter('property')}
    assert values['test_number[33]']['pymemflow_leaked_bytes_per_run'] == '10000'
    assert values['test_number[34]']['pymemflow_leaked_bytes_per_run'] == '0'
    assert 3000000 <= int(values['test_number[34]']['pymemflow_peak_bytes']) < 3100000


@pytest.mark.parametrize('mark', ["limit_leaks('12XB')", "limit_leaks()", "limit_leaks('1', runs=1)",
                                  "limit_peak(-1)"])
def test_bad_marks(run, mark):
    result = run('import pytest\n@pytest.mark.%s\ndef test_it(): pass\n' % mark, '--pymemflow')
    assert result.ret == 4
    assert 'ERROR: limit_' in result.stderr.str()
    assert '::test_it' in result.stderr.str()


def test_no_library(run):
    result = run('def test_it(): pass\n', '--pymemflow', '--pymemflow-library', '/no/such/file')
    assert result.ret == 4
    assert 'cannot find /no/such/file: ' in result.stderr.str()
