"""The names of C++ and Rust functions in every output, and that a C function has one name in all of them, for
libraries that are compiled here."""
import html
import json
import subprocess

import pytest

import cases
from heads import CALLS_KEEP as PROGRAM

pytestmark = [pytest.mark.known_python, pytest.mark.one_python, pytest.mark.needs('g++', 'strip')]
# The functions of Rust are functions of C here that have the names that its compiler makes.
SOURCE = r'''
#include <cstdlib>
#include <map>
#include <pthread.h>
#include <string>
#define OWN __attribute__((noinline, noclone, used))
static void* kept[100];
static int count = 0;
#define KEEP(size) (kept[count++] = malloc(size))
namespace shop {
template <typename Key, typename Value> struct Cache {
  OWN void* load(const std::map<Key, Value>&, int size) { return KEEP(size); }
};
}
extern "C" OWN void legacy(int size) __asm__("_ZN5crate5cache3put17h0123456789abcdefE");
extern "C" OWN void legacy(int size) { KEEP(size); }
extern "C" OWN void current(int size) __asm__("_RNvNtCs1234_5crate5cache3get");
extern "C" OWN void current(int size) { KEEP(size); }
extern "C" OWN void plain(int size) { KEEP(size); }
extern "C" __attribute__((visibility("default"))) void keep(int size) {
  shop::Cache<std::string, std::map<long, std::string>>().load({}, size);
  legacy(size + 1);
  current(size + 2);
  plain(size + 3);
}
static void* in_a_thread(void*) {
  shop::Cache<int, int>().load({}, 70000);
  return nullptr;
}
extern "C" __attribute__((visibility("default"))) void keep_in_a_thread() {
  pthread_t thread;
  pthread_create(&thread, nullptr, in_a_thread, nullptr);
  pthread_join(thread, nullptr);
}
'''
LONG = 'shop::Cache<std::__cxx11::basic_string<'
IN_THREAD = ('shop::Cache<int, int>::load(std::map<int, int, std::less<int>, std::allocator<std::pair<int const, '
             'int> > > const&, int)')
IN_THREAD_SHORT = 'shop::Cache<int, int>::load(...)'


class Case(cases.Case):
    def compile(self, name='libshop.so', *options):
        self.write('shop.cpp', SOURCE)
        subprocess.run(['g++', '-O1', '-fno-builtin', '-shared', '-fPIC', *options, '-o', self.path(name),
                        self.path('shop.cpp'), '-pthread'], check=True)
        return self.path(name)

    def record(self, library, capture='capture'):
        self.write('leak.py', PROGRAM)
        run = self.trace(self.path('leak.py'), library, PYMEMFLOW_CAPTURE=self.path(capture),
                         PYMEMFLOW_STACK='native', output=None)
        assert (run.status, run.stderr) == (0, '')
        return self.path(capture)

    def report(self, capture, *options):
        done = self.cli('report', *options, capture)
        assert (done.status, done.stderr) == (0, ''), done.stderr
        return done.stdout

    def profile(self, capture, *options):
        return json.loads(self.report(capture, '--format', 'json', *options))


def frames_of(profile):
    return [frame for site in profile['sites'] for frame in site['stack'] if frame.get('library')]


class TestDemangled(Case):
    def test_json_has_both_names(self):
        frames = {frame['symbol']: frame for frame in frames_of(self.profile(
            self.record(self.compile()), '--by', 'stack')) if 'symbol' in frame}
        assert frames['_ZN5crate5cache3put17h0123456789abcdefE']['function'] == 'crate::cache::put'
        assert frames['_RNvNtCs1234_5crate5cache3get']['function'] == 'crate::cache::get'
        long, = [frame['function'] for frame in frames.values() if frame['function'].startswith(LONG)]
        assert len(long) > 300 and long.endswith(' > > > const&, int)')

    def test_plain_names_have_one(self):
        frames = frames_of(self.profile(self.record(self.compile()), '--by', 'stack'))
        assert [frame for frame in frames if frame['function'] == 'plain'][0].get('symbol') is None

    def test_long_names_are_shortened_for_people(self):
        capture = self.record(self.compile())
        for options in (['--format', 'tree'], ['--format', 'summary', '--by', 'stack']):
            text = self.report(capture, *options)
            assert 'shop::Cache<std::__cxx11::basic_string<...>, std::map<...> >::load(...) (libshop.so)\n' in text
            assert 'crate::cache::put (libshop.so)\n' in text
            assert 'plain (libshop.so)\n' in text
            assert '_ZN' not in text

    def test_folded_has_them_whole(self):
        text = self.report(self.record(self.compile()), '--format', 'folded')
        assert IN_THREAD + ' (libshop.so) 70000\n' in text
        assert len(set(line.rpartition(' ')[0] for line in text.splitlines())) == len(text.splitlines())


class TestOneName(Case):
    """The function allocates while no Python code runs in its thread."""

    def names(self, capture):
        done = self.cli('gate', '--max-leak=1', '--json', self.path('json'), '--markdown', self.path('markdown'),
                        '--junit', self.path('junit'), capture)
        assert done.status == 1
        verdict = json.loads(self.read('json'))
        leak, = [each for each in verdict['processes'][0]['leaks'] if each['bytes'] == 70000]
        site, = [each for each in self.profile(capture)['sites'] if each['leaked']['bytes'] == 70000]
        return leak, site, done.stderr, self.report(capture, '--format', 'summary')

    def test_of_a_function(self):
        leak, site, verdict, summary = self.names(self.record(self.compile()))
        assert leak['engine_caller'] == site['engine_caller'] == leak['key'] == IN_THREAD + ' (libshop.so)'
        assert leak['symbol'] == site['symbol'] and site['symbol'].startswith('_ZN4shop5CacheIiiE4load')
        for text in (verdict, summary, self.read('markdown').replace('\\', ''), html.unescape(self.read('junit'))):
            assert IN_THREAD_SHORT + ' (libshop.so)' in text
        assert '`' not in verdict + summary

    def test_of_a_stripped_library(self):
        library = self.compile('libshop.so', '-fvisibility=hidden')
        subprocess.run(['strip', library], check=True)
        leak, site, verdict, summary = self.names(self.record(library))
        name = site['engine_caller']
        library, _, offset = name.partition('+')
        assert library == 'libshop.so' and 0 < int(offset, 16) < 1 << 20
        assert (leak['engine_caller'], leak['key']) == (name, 'libshop.so')
        assert name in verdict and name in summary
        again = self.names(self.record(self.path('libshop.so'), 'again'))
        assert again[1]['engine_caller'] == name

    def test_diff(self):
        old = self.record(self.compile())
        done = self.cli('diff', old, self.record(self.path('libshop.so'), 'again'), '--json', '-')
        assert IN_THREAD + ' (libshop.so)' in [site['key'] for site in json.loads(done.stdout)['sites']]

    def test_old_baselines_and_suppressions(self):
        capture = self.record(self.compile())
        leak = self.names(capture)[0]
        old_key = 'libshop.so`' + leak['symbol']
        self.write('baseline', json.dumps({'pymemflow-baseline': 2, 'sites': {
            old_key: {'blocks': 1, 'bytes': 70000}}}))
        for options in (['--baseline', self.path('baseline'), '--only', old_key], ['--max-leak=1', '--only', IN_THREAD,
                        '--ignore', old_key], ['--max-leak=1', '--only', old_key, '--ignore', leak['suppression']]):
            done = self.cli('gate', *options, capture)
            assert done.status == 0, (options, done.stderr)


class TestSelection(Case):
    """Patterns match each C function on a stack: plain() was called by keep(), on the same line as others."""

    def leaked(self, capture, *options, status=1):
        done = self.cli('gate', '--max-leak=1', '--json', self.path('json'), *options, capture)
        assert done.status == status, done.stderr
        process = json.loads(self.read('json'))['processes'][0]
        assert process['leaked']['bytes'] == sum(leak['bytes'] for leak in process['leaks'])
        return process['leaked']['bytes']

    def test_only(self):
        capture = self.record(self.compile())
        for pattern, expected in (('plain', 50003), ('plain (libshop.so)', 50003), ('libshop.so`plain', 50003),
                                  ('crate::cache::put', 50001), ('_RNvNtCs1234_5crate5cache3get', 50002),
                                  (IN_THREAD, 70000), ('shop::Cache<int, int>::load', 70000),
                                  ('shop::Cache<*', 120000), ('keep', 200006)):
            assert self.leaked(capture, '--only', pattern) == expected, pattern
        # With what the C library keeps for a thread.
        for pattern in ('libshop.so', self.path('libshop.so')):
            assert 270006 <= self.leaked(capture, '--only', pattern) < 275000, pattern
        self.leaked(capture, '--only', 'plainer', status=2)
        self.leaked(capture, '--only', 'libshop.so`plainer', status=2)

    def test_ignored(self):
        capture = self.record(self.compile())
        everything = self.leaked(capture)
        assert everything - self.leaked(capture, '--ignore', 'plain') == 50003
        self.write('known', '# known\nkeep\nshop::Cache<int, int>::load\nnever\n')
        done = self.cli('gate', '--max-leak=1', '--suppressions', self.path('known'), capture)
        assert ': never matched nothing\n' in done.stderr and done.stderr.count('matched nothing') == 1
        assert everything - self.leaked(capture, '--suppressions', self.path('known')) == 270006

    def test_by_c_function(self):
        capture = self.record(self.compile())
        text = self.report(capture, '--format', 'summary', '--by', 'c-function')
        assert 'alive at the end, by C function\n' in text
        rows = {site['engine_caller']: site['live']['bytes'] for site in self.profile(
            capture, '--by', 'c-function')['sites'] if 'engine_caller' in site}
        assert rows['plain (libshop.so)'] == 50003
        assert rows['crate::cache::put (libshop.so)'] == 50001
        assert rows[IN_THREAD + ' (libshop.so)'] == 70000

    @pytest.mark.parametrize('stack', ['top', 'python'])
    def test_by_c_function_of_a_record_without(self, stack):
        run = self.trace.code('pass', PYMEMFLOW_CAPTURE=self.path('c'), PYMEMFLOW_STACK=stack, output=None)
        assert run.status == 0
        done = self.cli('report', '--format', 'summary', '--by', 'c-function', self.path('c'))
        assert (done.status, done.stderr) == (2, 'pymemflow: ' + self.path('c') + ': has no C functions: record it '
                                              'with --stack native (PYMEMFLOW_STACK=native)\n')

    def test_by_c_function_of_a_program_that_records_none(self):
        done = self.cli('run', '--stack', 'python', '--format', 'summary', '--by', 'c-function', '--', 'true')
        assert done.status == 2 and done.stderr.startswith(
            'pymemflow: --stack python (PYMEMFLOW_STACK=python) records no C functions, but --by c-function shows them')
