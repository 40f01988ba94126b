"""Limits on the tests of unittest, asyncio and anyio, on doctests, and on tests with subtests."""
import sys

import pytest

import pytest_suite
from pytest_suite import OVER

suite = pytest_suite.suite  # the fixture


UNITTEST = '''
@limited
class TestCase(unittest.TestCase):
    def setUp(self): count('setUp')
    def tearDown(self): count('tearDown')
    def test_clean(self): clean()
    def test_leaks(self): leak()
    def test_keeps(self): self.kept = ctypes.create_string_buffer(10000)
    def test_fails(self): count('fails'); leak(); self.assertEqual(1, 2)
    def test_raises(self): leak(); raise KeyError('this one')
    def test_skips(self): leak(); self.skipTest('now')
    @unittest.skip('always')
    def test_skip_mark(self): leak()
    @unittest.expectedFailure
    def test_expected(self): leak(); self.fail()
    @unittest.expectedFailure
    def test_unexpected(self): leak()
class TestSetUp(unittest.TestCase):
    def setUp(self): raise OSError('in setUp')
    @limited
    def test_set_up(self): leak()
class TestTearDown(unittest.TestCase):
    def tearDown(self): raise OSError('in tearDown')
    @limited
    def test_tear_down(self): leak()
'''


def test_unittest(suite):
    result = suite(UNITTEST)
    assert result.outcomes == {
        'test_clean': 'PASSED', 'test_leaks': 'FAILED', 'test_keeps': 'PASSED', 'test_fails': 'FAILED',
        'test_raises': 'FAILED', 'test_skips': 'SKIPPED', 'test_skip_mark': 'SKIPPED', 'test_expected': 'XFAIL',
        'test_unexpected': 'FAILED', 'test_set_up': 'FAILED', 'test_tear_down': 'FAILED'}, result.stdout
    assert result.stdout.count(OVER) == 1 and '::test_leaks ' + OVER in result.stdout
    assert 'Unexpected success' in result.stdout and '1 != 2' in result.stdout
    assert result.runs('fails') == 1 and result.runs('setUp') == result.runs('tearDown')
    assert (result.checked, result.over) == (3, 1)


def test_unittest_with_debugger(suite):
    """--pdb puts tearDown() off; each run still has its own."""
    result = suite('''
@limited
class TestCase(unittest.TestCase):
    def setUp(self): count('setUp'); self.block = malloc(10000)
    def tearDown(self): count('tearDown'); free(self.block)
    def test_clean(self): clean()
''', '--pdb')
    assert result.outcomes == {'test_clean': 'PASSED'}, result.stdout
    assert result.runs('setUp') == result.runs('tearDown') == 3


@pytest.mark.skipif(sys.version_info < (3, 8), reason='Python 3.8 has the first IsolatedAsyncioTestCase')
def test_isolated_asyncio(suite):
    result = suite('''
@limited
class TestAsync(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self): count('setUp'); self.kept = 5
    async def asyncTearDown(self): count('tearDown')
    async def test_clean(self): await asyncio.sleep(0); clean(); self.assertEqual(self.kept, 5)
    async def test_leaks(self): await asyncio.sleep(0); leak()
    async def test_fails(self): count('fails'); leak(); self.assertEqual(1, 2)
    async def test_skips(self): self.skipTest('now')
    @unittest.expectedFailure
    async def test_expected(self): leak(); self.fail()
    @pymemflow.limit_leaks('4KiB')
    async def test_decorated(self): await asyncio.sleep(0); leak()
    @pymemflow.limit_leaks('4KiB')
    async def test_decorated_clean(self): await asyncio.sleep(0); clean()
''')
    assert result.outcomes == {
        'test_clean': 'PASSED', 'test_leaks': 'FAILED', 'test_fails': 'FAILED', 'test_skips': 'SKIPPED',
        'test_expected': 'XFAIL', 'test_decorated': 'FAILED', 'test_decorated_clean': 'PASSED'}, result.stdout
    assert '::test_leaks ' + OVER in result.stdout and result.stdout.count(OVER) == 1
    assert 'LeakError: ' in result.stdout
    assert result.runs('fails') == 1 and result.runs('setUp') == result.runs('tearDown')


ASYNC = '''
pytestmark = [limited, pytest.mark.{mark}]
{fixture}
async def resource():
    yield malloc(5)
{fixture}
@pymemflow.limit_leaks('4KiB')
async def leaky(): leak()
async def test_clean(resource): await {sleep}(0); clean()
async def test_leaks(resource): await {sleep}(0); leak()
async def test_fails(): count('fails'); leak(); assert 1 == 2
@pytest.mark.xfail(strict=True)
async def test_xfail(): leak(); assert 0
@pytest.mark.parametrize('size', [1, 20000])
async def test_size(size): malloc(size)
@pymemflow.limit_leaks('4KiB')
async def test_decorated(resource): await {sleep}(0); leak()
class TestClass:
    async def test_method(self): leak()
async def test_fixture(leaky): pass
'''


@pytest.mark.parametrize('plugin, mark, fixture', [
    ('pytest_asyncio', 'asyncio', 'import pytest_asyncio\n@pytest_asyncio.fixture'),
    ('anyio', 'anyio', '@pytest.fixture'),
])
def test_async_tests(suite, plugin, mark, fixture):
    pytest.importorskip(plugin)
    module = {'anyio': 'anyio.pytest_plugin', 'pytest_asyncio': 'pytest_asyncio.plugin'}[plugin]
    text = ASYNC.format(mark=mark, fixture=fixture, sleep='asyncio.sleep')
    if plugin == 'anyio':
        text += '@pytest.fixture\ndef anyio_backend(): return "asyncio"\n'
    result = suite(text, plugins=[module])
    assert result.outcomes == {
        'test_clean': 'PASSED', 'test_leaks': 'FAILED', 'test_fails': 'FAILED', 'test_xfail': 'XFAIL',
        'test_size[1]': 'PASSED', 'test_size[20000]': 'FAILED', 'test_decorated': 'FAILED',
        'test_method': 'FAILED', 'test_fixture': 'ERROR'}, result.stdout + result.stderr
    assert '::test_leaks ' + OVER in result.stdout and '::test_method ' + OVER in result.stdout
    assert result.stdout.count('LeakError: test_decorated leaked 10000 bytes') >= 1
    assert result.stdout.count('LeakError: leaky leaked 10000 bytes') >= 1
    assert result.runs('fails') == 1


DOCUMENTED = '''
def twice(x):
    """
    >>> twice(4)
    8
    >>> import ctypes; ctypes.CDLL(None).malloc(number) and None
    """
    return 2 * x
number = 10000
'''


def test_doctests(suite):
    """A doctest clears its names when it has run; the next run has them again."""
    result = suite('', '--doctest-modules', '--doctest-glob=*.txt', '--pymemflow-limit-leaks=4KiB',
                   files=[('documented.py', DOCUMENTED), ('text.txt', '>>> x = 5\n>>> x\n5\n')])
    assert result.outcomes == {'documented.twice': 'FAILED', 'text.txt': 'PASSED'}, result.stdout
    assert 'leaks 10000 bytes in 1 block each run' in result.stdout


SUBTESTS = '''
@limited
class TestCase(unittest.TestCase):
    def test_sub(self):
        count('sub')
        for number in range(3):
            with self.subTest(number=number):
                leak()
                assert number != 1
'''


@pytest.mark.skipif(int(pytest.__version__.split('.')[0]) < 9, reason='pytest 9 has the first subtests')
def test_subtests(suite):
    result = suite(SUBTESTS + '''
@limited
def test_fixture(subtests):
    count('fixture')
    for number in range(3):
        with subtests.test(number=number):
            leak()
            assert number != 1
@limited
def test_leaks(subtests):
    with subtests.test(number=1): leak()
''')
    assert result.runs('sub') == result.runs('fixture') == 1
    assert result.stdout.count(OVER) == 1 and '::test_leaks ' + OVER in result.stdout, result.stdout
    assert (result.checked, result.over) == (1, 1)
