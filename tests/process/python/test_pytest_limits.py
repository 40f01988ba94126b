"""Limits in a test suite: which tests the plugin measures, and which it leaves alone.

Each test runs pytest on a file, in a process of its own."""
import importlib.util
import re

import pytest

import pytest_suite
from pytest_suite import OVER

suite = pytest_suite.suite  # the fixture


def has(module):
    return importlib.util.find_spec(module) is not None


def test_failures_are_left_alone(suite):
    """A test that fails, skips or is xfailed runs once, and no limit is reported on top."""
    result = suite('''
pytestmark = limited
def test_fails(): count('fails'); leak(); assert 1 == 2
def test_raises(): count('raises'); leak(); raise KeyError('this one')
def test_skips(): count('skips'); leak(); pytest.skip('now')
@pytest.mark.skip(reason='always')
def test_skip_mark(): leak()
@pytest.mark.xfail
def test_xfail(): count('xfail'); leak(); assert 0
@pytest.mark.xfail(strict=True)
def test_xfail_strict(): count('xfail_strict'); leak(); assert 0
def test_xfail_call(): count('xfail_call'); leak(); pytest.xfail('known')
@pytest.mark.xfail(raises=KeyError)
def test_xfail_raises(): leak(); assert 0
@pytest.mark.xfail(run=False)
def test_xfail_not_run(): leak()
@pytest.fixture
def broken(): raise OSError('in a fixture')
def test_setup(broken): leak()
''')
    assert result.outcomes == {
        'test_fails': 'FAILED', 'test_raises': 'FAILED', 'test_skips': 'SKIPPED', 'test_skip_mark': 'SKIPPED',
        'test_xfail': 'XFAIL', 'test_xfail_strict': 'XFAIL', 'test_xfail_call': 'XFAIL',
        'test_xfail_raises': 'FAILED', 'test_xfail_not_run': 'XFAIL', 'test_setup': 'ERROR'}, result.stdout
    assert 'each run' not in result.stdout and 'in run ' not in result.stdout
    assert (result.checked, result.over) == (0, 0)
    for name in ('fails', 'raises', 'skips', 'xfail', 'xfail_strict', 'xfail_call'):
        assert result.runs(name) == 1, name


def test_tests_that_pass_against_expectation(suite):
    """XPASS and XPASS(strict) stay, whether the test leaks or not; an xfail mark with a false condition is
    ignored."""
    result = suite('''
pytestmark = limited
@pytest.mark.xfail
def test_xpass(): leak()
@pytest.mark.xfail(strict=True)
def test_strict(): leak()
@pytest.mark.xfail(False, reason='not here')
def test_condition(): leak()
@pytest.mark.xfail(False, reason='not here', strict=True)
def test_condition_clean(): clean()
''')
    assert result.outcomes == {'test_xpass': 'XPASS', 'test_strict': 'FAILED', 'test_condition': 'FAILED',
                               'test_condition_clean': 'PASSED'}, result.stdout
    assert '[XPASS(strict)]' in result.stdout and 'Failed in run' not in result.stdout
    assert result.stdout.count(OVER) == 1 and '::test_condition ' + OVER in result.stdout
    assert (result.checked, result.over) == (2, 1)


def test_failure_in_a_later_run(suite):
    result = suite('''
seen = []
@limited
def test_once():
    seen.append(1)
    assert len(seen) < 2, 'it was run before'
''')
    assert result.outcomes == {'test_once': 'FAILED'}
    assert 'it was run before' in result.stdout
    assert 'Failed in run 2 of 3' in result.stdout and OVER not in result.stdout


def test_teardown_fails_too(suite):
    result = suite('''
@pytest.fixture
def breaks():
    yield
    raise OSError('in teardown')
@limited
def test_leaks(breaks): leak()
@limited
def test_clean(breaks): clean()
''')
    assert '2 errors' in result.stdout and '1 failed, 1 passed' in result.stdout
    assert result.stdout.count(OVER) == 1 and (result.checked, result.over) == (2, 1)


def test_where_marks_stand(suite):
    """On classes, modules, parameters and parents of classes; the closest one counts."""
    result = suite('''
pytestmark = pytest.mark.limit_leaks('1KiB', runs=2)
def test_module(): leak()
@pytest.mark.limit_leaks('1MiB')
def test_own(): leak()
@limited
class TestClass:
    def test_in_class(self): leak()
    @pytest.mark.limit_leaks(20000)
    def test_own_in_class(self): leak()
    @staticmethod
    def test_static(): leak()
    @classmethod
    def test_class(cls): leak()
class TestChild(TestClass):
    def test_in_child(self): leak()
@pytest.mark.parametrize('size', [100, pytest.param(20000, marks=pytest.mark.limit_leaks('1MiB')), 30000])
def test_parameter(size): malloc(size)
''')
    failed = {name for name, outcome in result.outcomes.items() if outcome == 'FAILED'}
    expected = {'test_module', 'test_in_class', 'test_static', 'test_class', 'test_in_child',
                'test_parameter[30000]'}
    if 'test_class' not in result.outcomes:
        expected.remove('test_class')  # pytest 7.2 does not collect class methods
    assert failed == expected, result.stdout
    assert result.outcomes['test_own'] == result.outcomes['test_own_in_class'] == 'PASSED'
    assert '::test_module leaks 10000 bytes in 1 block each run; limit_leaks allows 1024 bytes' in result.stdout


def test_refused_at_collection(suite):
    result = suite('''
class TestClass:
    @pymemflow.limit_leaks('4KiB')
    @pytest.fixture
    def resource(self): return 5
''')
    assert 'TypeError: limit_leaks() cannot decorate' in result.stdout, result.stdout
    assert 'put @limit_leaks below @pytest.fixture' in result.stdout


def test_decorated_tests(suite):
    """The decorator needs no option of the plugin: each call is measured, and failures keep their error."""
    result = suite('''
@pymemflow.limit_leaks('4KiB')
def test_leaks(tmp_path): leak()
@pytest.mark.parametrize('size', [1, 20000])
@pymemflow.limit_leaks('4KiB')
def test_size(size): malloc(size)
@pytest.mark.xfail(strict=True)
@pymemflow.limit_leaks('4KiB')
def test_strict(): clean()
@pytest.mark.xfail(strict=True, raises=pymemflow.LeakError)
@pymemflow.limit_leaks('4KiB')
def test_known_leak(): leak()
@pytest.mark.xfail(strict=True, raises=KeyError)
@pymemflow.limit_leaks('4KiB')
def test_known_failure(): leak(); {}[1]
class TestClass:
    @pymemflow.limit_leaks('4KiB')
    def test_method(self, tmp_path): leak()
    @staticmethod
    @pymemflow.limit_leaks('4KiB')
    def test_static(): leak()
@pymemflow.limit_leaks('4KiB')
def helper(): leak()
@limited
def test_both(): pymemflow.limit_leaks('1MiB')(leak)()
''')
    assert result.outcomes == {
        'test_leaks': 'FAILED', 'test_size[1]': 'PASSED', 'test_size[20000]': 'FAILED', 'test_strict': 'FAILED',
        'test_known_leak': 'XFAIL', 'test_known_failure': 'XFAIL', 'test_method': 'FAILED',
        'test_static': 'FAILED', 'test_both': 'FAILED'}, result.stdout
    assert '[XPASS(strict)]' in result.stdout and '::test_both ' + OVER in result.stdout


def test_cannot_be_measured(suite):
    """A test that passed, and whose limit cannot be judged, fails and says why."""
    text = '''
@limited
def test_it(): clean()
@limited
def test_fails(): assert 1 == 2
def test_unlimited(): clean()
'''
    result = suite(text, PYMEMFLOW_RING='64KiB')
    assert result.outcomes == {'test_it': 'FAILED', 'test_fails': 'FAILED', 'test_unlimited': 'PASSED'}
    assert '::test_it cannot be measured: the record does not hold every event' in result.stdout, result.stdout
    assert '::test_it - cannot be measured: ' in result.stdout  # in the short summary
    assert result.stdout.count('cannot be measured') == 2


@pytest.mark.parametrize('mark', ["limit_leaks('1KiB', run=3)", "limit_leaks('1KiB', 3, 4)",
                                  "limit_peak('1KiB', 5)", "limit_peak()"])
def test_bad_arguments(suite, mark):
    result = suite('@pytest.mark.%s\ndef test_it(): pass\n' % mark)
    assert result.status == 4
    assert re.search(r'^ERROR: limit_(leaks|peak) of \S+::test_it: .', result.stderr, re.MULTILINE), result.stderr


@pytest.mark.skipif(not has('xdist'), reason='xdist is not installed')
def test_workers(suite):
    """The workers of xdist measure, too; failures and expected failures keep their outcome."""
    result = suite('''
pytestmark = limited
@pytest.mark.parametrize('number', range(6))
def test_leaks(number): (leak if number == 4 else clean)()
def test_fails(): leak(); assert 1 == 2
@pytest.mark.xfail
def test_xpass(): leak()
@pytest.mark.xfail(strict=True)
def test_strict(): leak()
@pytest.mark.xfail
def test_xfail(): leak(); assert 0
''', '-n', '2', plugins=['xdist'])
    assert '3 failed, 5 passed, 1 xfailed, 1 xpassed' in result.stdout, result.stdout
    assert result.stdout.count(OVER) == 1 and '::test_leaks[4] ' + OVER in result.stdout
    assert '[XPASS(strict)]' in result.stdout
    assert (result.checked, result.over) == (6, 1)


@pytest.mark.skipif(not has('pytest_rerunfailures'), reason='pytest-rerunfailures is not installed')
def test_reruns(suite):
    result = suite('''
@limited
def test_leaks(): count('leaks'); leak()
@limited
def test_clean(): count('clean'); clean()
''', '--reruns=1', plugins=['pytest_rerunfailures'])
    assert result.runs('leaks') == 6 and result.runs('clean') == 3
    assert '1 failed, 1 passed, 1 rerun' in result.stdout, result.stdout


def test_stops_at_the_first(suite):
    """-x and --maxfail count a test that is over its limit."""
    result = suite('@limited\ndef test_leaks(): leak()\ndef test_later(): pass\n', '-x')
    assert result.outcomes == {'test_leaks': 'FAILED'}
    assert result.status == 1


def test_callers_of_leaks(suite):
    """With PYMEMFLOW_STACK=python a failure shows the callers of the leak, and with an option all of them."""
    text = '''
@limited
def test_it(): below()
def below(): leak()
'''
    result = suite(text, PYMEMFLOW_STACK='python')
    assert result.outcomes == {'test_it': 'FAILED'}
    shown = re.findall(r'^ +by (.*)$', result.stdout, re.MULTILINE)
    assert len(shown) == 5 and [line.split()[1] for line in shown[:2]] == ['below', 'test_it'], result.stdout
    assert 'more callers (PYMEMFLOW_FULL_STACKS=1)' in result.stdout
    result = suite(text, '--pymemflow-full-stacks', PYMEMFLOW_STACK='python')
    assert len(re.findall(r'^ +by ', result.stdout, re.MULTILINE)) > 20
    assert 'more callers' not in result.stdout
    result = suite(text, '--pymemflow-full-stacks')
    assert 'its callers were not recorded: PYMEMFLOW_STACK=python' in result.stdout


def test_marks_as_the_options_of_the_gate(suite):
    result = suite('''
@pytest.mark.max_growth('4KiB', runs=3)
def test_grows(): count('grows'); leak()
@pytest.mark.max_leak('4KiB')
def test_leaves(): count('leaves'); leak()
@pytest.mark.max_leak('64KiB')
def test_leaves_less(): leak()
@pytest.mark.max_peak('1MiB')
def test_peak(): clean()
''', COLUMNS='200')
    assert result.outcomes == {'test_grows': 'FAILED', 'test_leaves': 'FAILED', 'test_leaves_less': 'PASSED',
                               'test_peak': 'FAILED'}
    assert (result.runs('grows'), result.runs('leaves')) == (3, 1)
    assert '::test_grows - leaks 10000 bytes in 1 block each run; max_growth' in result.stdout
    assert '::test_leaves - leaks 10000 bytes in 1 block; max_leak' in result.stdout
    assert '::test_peak - live memory rose by ' in result.stdout


def test_marks_of_pytest_memray(suite):
    """Its mark limit_leaks has another meaning, so it is left alone."""
    result = suite('''
@pytest.mark.limit_leaks('1 B', filter_fn=None)
def test_theirs(): leak()
@pytest.mark.max_leak(0)
def test_ours(): leak()
''', files=[('memray.py', '')], plugins=['memray'], PYTHONDONTWRITEBYTECODE='1')
    assert result.outcomes == {'test_theirs': 'PASSED', 'test_ours': 'FAILED'}


def test_objects_and_mapped_memory(suite):
    """Objects leak like blocks, mapped memory is in the peak, and what no limit is about is told."""
    result = suite('''
import mmap
kept = []
@pytest.mark.max_growth('64KiB', runs=3)
def test_objects(): kept.append([object() for _ in range(20000)])
@pytest.mark.max_peak('2MiB')
def test_peak(): mmap.mmap(-1, 4 << 20).close()
@pytest.mark.max_leak('1MiB')
def test_maps(): kept.append(mmap.mmap(-1, 4 << 20))
''', COLUMNS='200')
    assert result.outcomes == {'test_objects': 'FAILED', 'test_peak': 'FAILED', 'test_maps': 'PASSED'}
    assert re.search(r'(?m)^  within its limits: .*::test_maps: memory mapped by \S+ grew by 4194304 bytes, from '
                     r'test_\w+.py:\d+ test_maps$', result.stdout), result.stdout
