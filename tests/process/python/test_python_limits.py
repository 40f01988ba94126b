"""@limit_leaks on each kind of function: measures the run of its body, or refuses it at decoration."""
import pytest

import heads

pytestmark = pytest.mark.known_python
HEAD = heads.HEAD + '''
import asyncio, contextlib, ctypes, functools, gc, inspect, logging, os, pickle, re, sys, threading, types
import unittest, warnings
from pymemflow import LeakError, limit_leaks
def leak(size=100000):
    malloc(size)
def clean(size=100000):
    free(malloc(size))
def await_it(coroutine):
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()
async def leaks(*arguments):
    await asyncio.sleep(0)
    leak()
    return arguments
async def cleans(*arguments):
    await asyncio.sleep(0)
    clean()
    return arguments
await_it(cleans())
'''


@pytest.fixture
def check(trace):
    """Runs a program, whose assertions must hold and which must print nothing on standard error."""
    def call(program, **options):
        run = trace.code(HEAD + program, **dict({'output': '/dev/null'}, **options))
        assert (run.status, run.stderr) == (0, ''), run.stderr
        return run.stdout
    return call


def test_coroutine_function_stays_one(check):
    check('''
limited = limit_leaks('4KiB')(cleans)
assert inspect.iscoroutinefunction(limited) and asyncio.iscoroutinefunction(limited)
assert limited.__name__ == 'cleans' and limited.__wrapped__ is cleans
assert inspect.signature(limited) == inspect.signature(cleans)
assert await_it(limited(1, 2)) == (1, 2)
''', PYTHONWARNINGS='ignore::DeprecationWarning')  # of asyncio.iscoroutinefunction, from 3.14 on


def test_coroutine_is_measured_while_it_runs(check):
    check('''
limited = limit_leaks('4KiB')(leaks)
error = raises(LeakError, await_it, limited())
assert str(error).startswith('leaks leaked 100000 bytes in 1 block, more than 4096 bytes:\\n'), error
assert ' leaks' in error.growth.sites[0].name or ' leak' in error.growth.sites[0].name, error
assert await_it(limit_leaks('1MiB')(leaks)(5)) == (5,)
# Neither what happens before the coroutine is awaited counts, nor what happens after.
coroutine = limit_leaks('4KiB')(cleans)()
leak()
await_it(coroutine)
# Its result does.
@limit_leaks('4KiB')
async def makes(): return ctypes.create_string_buffer(100000)
raises(LeakError, await_it, makes())
''')


def test_coroutine_that_raises_is_not_measured(check):
    check('''
@limit_leaks('4KiB')
async def fails():
    leak()
    raise KeyError('this one')
@limit_leaks('4KiB')
async def waits():
    leak()
    await asyncio.sleep(100)
@limit_leaks('4KiB')
async def skips():
    leak()
    raise unittest.SkipTest('not here')
assert raises(KeyError, await_it, fails()).args == ('this one',)
raises(unittest.SkipTest, await_it, skips())
async def times_out(): await asyncio.wait_for(waits(), 0.01)
raises(asyncio.TimeoutError, await_it, times_out())
async def cancels():
    task = asyncio.ensure_future(waits())
    await asyncio.sleep(0)
    task.cancel()
    await task
raises(asyncio.CancelledError, await_it, cancels())
''')


def test_coroutines_at_the_same_time(check):
    """Each one has its own mark, and names of marks are reused."""
    check('''
# The memory of tasks counts: up to 3.10 each frame is a block.
@limit_leaks('90KB')
async def takes(number):
    for _ in range(3):
        await asyncio.sleep(0)
        await cleans()
    return number
@limit_leaks('90KB')
async def outer(number):
    return await takes(number)
async def all_of_them():
    return await asyncio.gather(*[outer(number) for number in range(20)])
for _ in range(3):
    assert await_it(all_of_them()) == list(range(20))
assert len(pymemflow._limit._free_marks) <= 40
# Memory of other threads counts: the limit is far above it.
takes, results = limit_leaks('100MiB')(cleans), []
async def all_of_them():
    return await asyncio.gather(*[takes(number) for number in range(20)])
threads = [threading.Thread(target=lambda: results.append(await_it(all_of_them()))) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert results == [[(number,) for number in range(20)]] * 3
# What another task leaks meanwhile counts, as the documentation says.
async def with_another():
    task = asyncio.ensure_future(limit_leaks('4KiB')(cleans)())
    await leaks()
    await task
raises(LeakError, await_it, with_another())
''')


def test_more_calls_than_the_library_remembers_marks(check):
    check('''
@limit_leaks('4KiB')
async def waits(event):
    await event.wait()
    return 'done'
async def many():
    event = asyncio.Event()
    tasks = [asyncio.ensure_future(waits(event)) for _ in range(300)]
    await asyncio.sleep(0)
    event.set()
    return await asyncio.gather(*tasks, return_exceptions=True)
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter('always')
    results = await_it(many())
assert set(map(type, results)) <= {str, LeakError}, results  # tasks are memory of the others
assert said and said[0].category is RuntimeWarning, said
assert 'limit_leaks() could not measure waits' in str(said[0].message), said[0].message
''')


def test_coroutine_behind_another_callable(check):
    check('''
class Callable:
    async def __call__(self, *arguments): return await leaks(*arguments)
class Thing:
    @limit_leaks('4KiB')
    async def method(self): leak()
    @limit_leaks('4KiB')
    @staticmethod
    async def static_above(): leak()
    @staticmethod
    @limit_leaks('4KiB')
    async def static_below(): leak()
    @limit_leaks('4KiB')
    @classmethod
    async def class_above(cls): leak(); return cls
    @classmethod
    @limit_leaks('4KiB')
    async def class_below(cls): leak(); return cls
    async def plain(self): leak()
@types.coroutine
def by_generator():
    yield
    leak()
def hides(function):
    @functools.wraps(function)
    def hidden(*args): return function(*args)
    return hidden
limit, thing = limit_leaks('4KiB'), Thing()
for function in (limit(functools.partial(leaks, 1)), limit(functools.partial(functools.partial(leaks, 1), 2)),
                 limit(Callable()), thing.method, thing.static_above, thing.static_below,
                 Thing.static_above, thing.class_above, thing.class_below, limit(thing.plain),
                 limit(by_generator), limit(limit_leaks('1MiB')(leaks))):
    assert inspect.iscoroutinefunction(function), function
    raises(LeakError, await_it, function())
# A decorator of others hides what it is: the coroutine is measured all the same.
for function in (limit(hides(leaks)), limit(lambda: leaks()), hides(limit(leaks))):
    coroutine = function()
    leak()
    assert '100000 bytes in 1 block' in str(raises(LeakError, await_it, coroutine))
''')


def test_methods_and_callables(check):
    check('''
class Callable:
    def __call__(self, size): leak(size)
class Thing:
    @limit_leaks('4KiB')
    def method(self, size): leak(size); return self
    @limit_leaks('4KiB')
    @staticmethod
    def static_above(size): leak(size)
    @staticmethod
    @limit_leaks('4KiB')
    def static_below(size): leak(size)
    @limit_leaks('4KiB')
    @classmethod
    def class_above(cls, size): leak(size); return cls
    @property
    @limit_leaks('4KiB')
    def value(self): leak()
    __call__ = method
limit, thing = limit_leaks('4KiB'), Thing()
for function in (thing.method, thing.static_above, Thing.static_below, thing.class_above, thing, limit(Callable()),
                 limit(functools.partial(leak)), limit(malloc), limit(functools.lru_cache()(leak))):
    raises(LeakError, function, 100000)
    function(8)
assert thing.method(8) is thing and Thing.class_above(8) is Thing
raises(LeakError, lambda: thing.value)
assert 'Thing.method leaked' in str(raises(LeakError, thing.method, 100000))
assert 'leak leaked' in str(raises(LeakError, limit(functools.partial(leak)), 100000))
''')


def test_what_is_refused(check):
    check('''
def generator(): yield 1
async def async_generator(): yield 1
class Callable:
    def __call__(self): yield 1
class Async:
    async def __call__(self): yield 1
class Thing:
    def method(self): yield 1
for function, name in ((generator, 'generator'), (async_generator, 'async_generator'),
                       (functools.partial(generator), 'generator'), (staticmethod(generator), 'generator'),
                       (classmethod(async_generator), 'async_generator'),
                       (Callable(), 'Callable.__call__'), (Async(), 'Async.__call__'),
                       (Thing().method, 'Thing.method')):
    error = raises(TypeError, limit_leaks('4KiB'), function)
    assert str(error) == ('limit_leaks() cannot decorate %s: it is a generator, whose body runs after the call; '
                          'decorate its caller' % name), error
for name in ('contextmanager', 'asynccontextmanager'):
    manager = getattr(contextlib, name, contextlib.contextmanager)(generator)
    assert 'generator: it is a context manager, ' in str(raises(TypeError, limit_leaks('4KiB'), manager))
assert 'it is a class; decorate its methods' in str(raises(TypeError, limit_leaks(1), Thing))
for wrong in (property(leak), 5, None, classmethod(5)):
    assert 'it is not a function' in str(raises(TypeError, limit_leaks(1), wrong))
fixture = types.FunctionType(leak.__code__, globals())
fixture._pytestfixturefunction = 'of a pytest up to 8.3'
assert 'below @pytest.fixture' in str(raises(TypeError, limit_leaks(1), fixture))
# A decorator that runs the generator makes a function of it.
def listed(function):
    @functools.wraps(function)
    def all_of(*args): return list(function(*args))
    return all_of
@limit_leaks('4KiB')
@listed
def numbers(): leak(); yield 1
raises(LeakError, numbers)
''')


TEST_CASES = '''
logging.getLogger('asyncio').setLevel(logging.ERROR)  # its debug mode complains about a slow machine
base = getattr(unittest, 'IsolatedAsyncioTestCase', None)
class Plain(unittest.TestCase):
    @limit_leaks('4KiB')
    def test_clean(self): clean()
    @limit_leaks('4KiB')
    def test_leak(self): leak()
    @limit_leaks('4KiB')
    def test_fail(self): leak(); self.assertEqual(1, 2)
    @limit_leaks('4KiB')
    def test_skip(self): leak(); self.skipTest('now')
    @unittest.skip('always')
    @limit_leaks('4KiB')
    def test_skip_mark(self): leak()
    @unittest.expectedFailure
    @limit_leaks('4KiB')
    def test_expected(self): leak(); self.fail()
    @limit_leaks('4KiB')
    @unittest.expectedFailure
    def test_expected_below(self): leak(); self.fail()
    @unittest.expectedFailure
    @limit_leaks('4KiB')
    def test_unexpected(self): clean()
if base:
    class Async(base):
        async def asyncSetUp(self): self.kept = malloc(100000)
        async def asyncTearDown(self): free(self.kept)
        @limit_leaks('4KiB')
        async def test_clean(self): await cleans()
        @limit_leaks('4KiB')
        async def test_leak(self): await leaks()
        @limit_leaks('4KiB')
        async def test_fail(self): await leaks(); self.assertEqual(1, 2)
        @limit_leaks('4KiB')
        async def test_skip(self): await leaks(); self.skipTest('now')
        @unittest.skip('always')
        @limit_leaks('4KiB')
        async def test_skip_mark(self): await leaks()
        @unittest.expectedFailure
        @limit_leaks('4KiB')
        async def test_expected(self): await leaks(); self.fail()
        @limit_leaks('4KiB')
        @unittest.expectedFailure
        async def test_expected_below(self): await leaks(); self.fail()
        @unittest.expectedFailure
        @limit_leaks('4KiB')
        async def test_unexpected(self): await cleans()
'''


def test_test_cases(check):
    """A limit fails a test; failures, skips and expected failures keep their outcome."""
    check(TEST_CASES + '''
for case in [Plain] + ([Async] if base else []):
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    assert not result.errors, result.errors
    failed = {test._testMethodName: text for test, text in result.failures}
    assert sorted(failed) == ['test_fail', 'test_leak'], failed
    assert 'AssertionError: 1 != 2' in failed['test_fail'] and 'leaked' not in failed['test_fail']
    assert 'LeakError' in failed['test_leak'] and 'test_leak leaked 100000 bytes' in failed['test_leak']
    assert len(result.skipped) == 2 and len(result.expectedFailures) == 2, result
    assert len(result.unexpectedSuccesses) == 1, result.unexpectedSuccesses
''')


def test_error_can_be_passed_between_processes(check):
    check('''
error = raises(LeakError, limit_leaks('4KiB')(leak))
other = pickle.loads(pickle.dumps(error))
assert type(other) is LeakError and str(other) == str(error) and other.growth == error.growth
assert repr(LeakError) == "<class 'pymemflow.LeakError'>"
''')


def test_without_the_library(check):
    check('''
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter('always')
    assert await_it(limit_leaks(0)(leaks)(5)) == (5,)
    assert limit_leaks(0)(lambda: 6)() == 6
    raises(TypeError, limit_leaks(0), unittest.TestCase)
assert len(said) == 1 and said[0].category is pymemflow.NotPreloaded, said
''', preload=False)


def test_growth_in_each_run(check):
    check('''
kept, calls = {}, []
def grows(count):
    calls.append(count)
    leak(count * 1000)
    return bytes(50000)
def fills(*arguments):
    kept.setdefault('cache', bytes(100000))
    return bytes(50000)
limited = pymemflow.limit_growth('4KiB')(grows)
error = raises(LeakError, limited, 10)
assert str(error).startswith('grows grows by 10000 bytes in 1 block each run, more than 4096 bytes:\\n'), error
assert calls == [10] * 5 and limited.__wrapped__ is grows
assert len(pymemflow.limit_growth('64KiB', runs=3)(grows)(10)) == 50000
assert len(pymemflow.limit_growth('4KiB')(fills)(1)) == 50000
assert raises(ValueError, pymemflow.limit_growth, 0, 2)
assert raises(TypeError, pymemflow.limit_growth(0), contextlib.contextmanager(clean))
''')


def test_growth_of_coroutines(check):
    check('''
for function in (leaks, lambda *arguments: leaks(*arguments)):
    assert raises(LeakError, lambda: await_it(pymemflow.limit_growth('4KiB')(function)()))
assert await_it(pymemflow.limit_growth('4KiB')(cleans)(1, 2)) == (1, 2)
''')
