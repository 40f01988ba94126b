"""The files, lines and inlined functions of C functions, for libraries that are compiled here: where their debug
information may be, what damages it, and what a report says that cannot read it."""
import json
import os
import random
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest

import cases
from heads import CALLS_KEEP as PROGRAM

pytestmark = [pytest.mark.known_python, pytest.mark.needs('g++', 'strip', 'objcopy')]
SOURCE = r'''
#include <cstdlib>
#include <pthread.h>
#define OWN __attribute__((noinline, noclone, used))
#define INLINED static inline __attribute__((always_inline))
static void* kept[100];
static int count = 0;
INLINED void grow(int size) {
  kept[count++] = malloc(size);  // in grow
}
INLINED void push(int size) {
  grow(size + 1);  // in push
}
namespace shop {
template <typename T> struct Cache {
  OWN void load(int size) {
    push(size);  // in load
    kept[count++] = malloc(size);  // in load, itself
  }
};
}
extern "C" __attribute__((visibility("default"))) void keep(int size) {
  shop::Cache<int>().load(size);  // in keep
}
static OWN void* in_a_thread(void*) {
  push(70000);  // in a thread
  return nullptr;
}
extern "C" __attribute__((visibility("default"))) void keep_in_a_thread() {
  pthread_t thread;
  pthread_create(&thread, nullptr, in_a_thread, nullptr);
  pthread_join(thread, nullptr);
}
'''
LINES = {text: number for number, line in enumerate(SOURCE.splitlines(), 1)
         for text in re.findall('// (.*)', line)}




class Case(cases.Case):
    def run(self, *words):
        subprocess.run(words, check=True, cwd=self.folder, stdout=subprocess.DEVNULL)

    def compile(self, *options, name='libshop.so'):
        self.write('shop.cpp', SOURCE)
        self.run('g++', '-O2', '-fno-builtin', '-shared', '-fPIC', '-Wl,--build-id', *options, '-o', name,
                 self.path('shop.cpp'), '-pthread')
        return self.path(name)

    def record(self, library, capture='capture', **environment):
        self.write('leak.py', PROGRAM)
        run = self.trace(self.path('leak.py'), library, PYMEMFLOW_CAPTURE=self.path(capture),
                         PYMEMFLOW_STACK='native', output=None, **environment)
        assert (run.status, run.stderr) == (0, '')
        return self.path(capture)

    def report(self, capture, *options, said='', **environment):
        done = self.cli('report', *options, capture, env=dict(self.environment, **environment))
        assert (done.status, done.stderr) == (0, said), done.stderr
        return done.stdout

    def frames(self, capture, size=50001, **environment):
        """The C functions of the library on the stack of a block, the innermost first: function, line, inlined."""
        profile = json.loads(self.report(capture, '--format', 'json', '--by', 'stack', **environment))
        row, = [site for site in profile['sites'] if site['live']['bytes'] == size]
        found = []
        for frame in row['stack']:
            if not frame.get('library', '').endswith('libshop.so'):
                continue
            assert frame.get('file', 'shop.cpp').endswith('shop.cpp')
            found.append((frame['function'], frame.get('line'), frame.get('inlined', False)))
        return found


LOAD = 'shop::Cache<int>::load(int)'
WHOLE = [('grow', LINES['in grow'], True), ('push', LINES['in push'], True), (LOAD, LINES['in load'], False),
         ('keep', LINES['in keep'], False)]
ITSELF = [(LOAD, LINES['in load, itself'], False), ('keep', LINES['in keep'], False)]
BOTH = 100001  # bytes: without lines, both blocks have one stack
NAMES = [(LOAD, None, False), ('keep', None, False)]


class TestWhereItIs(Case):
    def both(self, library):
        capture = self.record(library)
        assert self.frames(capture) == WHOLE
        assert self.frames(capture, 50000) == ITSELF
        return capture

    @pytest.mark.parametrize('options', [(), ('-gdwarf-4',), ('-gz',), ('-gno-inline-points', '-gdwarf-5')],
                             ids=' '.join)
    def test_in_the_file(self, options):
        self.both(self.compile('-g', *options))

    def test_split(self):
        self.both(self.compile('-g', '-gsplit-dwarf'))

    @pytest.mark.parametrize('place', ['.', '.debug'])
    def test_beside_it(self, place):
        library = self.compile('-g')
        os.makedirs(self.path(place), exist_ok=True)
        debug = os.path.join(self.path(place), 'libshop.debug')
        self.run('objcopy', '--only-keep-debug', library, debug)
        self.run('strip', '--strip-debug', library)
        self.run('objcopy', '--add-gnu-debuglink=' + debug, library)
        capture = self.both(library)
        os.remove(debug)
        assert self.frames(capture, BOTH) == NAMES

    def test_functions_without_symbols(self):
        library = self.compile('-g', '-fvisibility=hidden')
        debug = self.path('libshop.debug')
        self.run('objcopy', '--only-keep-debug', library, debug)
        self.run('strip', library)
        self.run('objcopy', '--add-gnu-debuglink=' + debug, library)
        self.both(library)

    @pytest.mark.needs('dwz')
    def test_shared_by_dwz(self):
        library, other = self.compile('-g'), self.compile('-g', name='libother.so')
        self.run('dwz', '-m', self.path('common.debug'), library, other)
        assert os.path.exists(self.path('common.debug'))
        self.both(library)

    def test_none(self):
        assert self.frames(self.record(self.compile()), BOTH) == NAMES

    def test_of_another_build(self):
        library = self.compile('-g')
        capture = self.record(library)
        self.write('shop.cpp', '\n' + SOURCE)
        self.run('g++', '-g', '-O2', '-shared', '-fPIC', '-Wl,--build-id', '-o', library, self.path('shop.cpp'))
        assert [(name, line) for name, line, _ in self.frames(capture)] == [('', None)] * 2


@pytest.mark.one_python
class TestOutputs(Case):
    def test_of_people(self):
        capture = self.record(self.compile('-g'))
        line = 'grow shop.cpp:%d (libshop.so, inlined)\n' % LINES['in grow']
        itself = LOAD + ' shop.cpp:%d (libshop.so)\n' % LINES['in load, itself']
        for options in (['--format', 'tree'], ['--format', 'summary', '--by', 'stack'],
                        ['--format', 'summary', '--by', 'stack', '--full-stacks']):
            text = self.report(capture, *options)
            assert line in text and itself in text, options
        done = self.cli('gate', '--max-leak=1', capture)
        assert done.status == 1 and 'in ' + line in done.stderr
        run = self.trace(self.path('leak.py'), self.path('libshop.so'), PYMEMFLOW_FORMAT='summary',
                         PYMEMFLOW_STACK='native', PYMEMFLOW_OUTPUT=self.path('report'), output=None)
        assert run.status == 0 and 'in ' + line in self.read('report')
        path = self.report(capture, '--format', 'tree', '--full-file-path')
        assert 'grow %s:%d (' % (self.path('shop.cpp'), LINES['in grow']) in path

    def test_folded_has_no_lines(self):
        text = self.report(self.record(self.compile('-g')), '--format', 'folded')
        assert ';keep (libshop.so);%s (libshop.so);push (libshop.so, inlined);grow (libshop.so, inlined) 50001\n' % (
            LOAD) in text
        assert 'shop.cpp' not in text

    def test_rows_of_functions_are_the_same_without(self):
        library = self.compile('-g')
        with_lines = self.record(library)
        texts = []
        for _ in range(2):
            text = self.report(with_lines, '--format', 'summary', '--by', 'c-function')
            texts.append(re.findall(r'^ *(\d+) +(\d+) +\d+  (shop.*)$', text, re.MULTILINE))
            self.run('strip', '--strip-debug', library)
        assert texts[0] == [('100001', '2', LOAD + ' (libshop.so)')] == texts[1]

    def test_a_thread_without_python_has_the_row_of_the_function(self):
        library = self.compile('-g')
        capture = self.record(library)
        keys = []
        for _ in range(2):
            self.cli('gate', '--max-leak=1', '--json', self.path('json'), capture)
            leaks = json.loads(self.read('json'))['processes'][0]['leaks']
            keys.append([leak['key'] for leak in leaks if leak['bytes'] == 70001])
            self.run('strip', '--strip-debug', library)
        assert keys[0] == ['in_a_thread(void*) (libshop.so)'] == keys[1]

    def test_gate_json(self):
        capture = self.record(self.compile('-g'))
        self.cli('gate', '--max-leak=1', '--json', self.path('json'), capture)
        leaks = json.loads(self.read('json'))['processes'][0]['leaks']
        frame = [frame for leak in leaks for frame in leak['stack'] if frame['function'] == 'grow'][0]
        assert (frame['file'], frame['line'], frame['inlined']) == (self.path('shop.cpp'), LINES['in grow'], True)


@pytest.mark.one_python
class TestDamage(Case):
    SECTIONS = ['.debug_info', '.debug_abbrev', '.debug_line', '.debug_str', '.debug_rnglists', '.debug_line_str']

    def damage(self, library, section, seed):
        """Flips bytes of a section in the file: no build id changes, so the file is still the one of the capture."""
        text = subprocess.run(['readelf', '-SW', library], stdout=subprocess.PIPE, check=True,
                              universal_newlines=True).stdout
        row = re.search(r'%s +\w+ +\w+ +(\w+) +(\w+)' % re.escape(section), text)
        start, size = int(row.group(1), 16), int(row.group(2), 16)
        chance = random.Random(seed)
        with open(library, 'r+b') as file:
            for _ in range(chance.choice([1, 4, 40])):
                file.seek(start + chance.randrange(size))
                file.write(bytes([chance.randrange(256)]))

    @pytest.mark.parametrize('section', SECTIONS)
    def test_costs_lines_alone(self, section):
        library = self.compile('-g')
        capture = self.record(library)
        shutil.copy(library, self.path('whole'))
        for seed in range(12):
            shutil.copy(self.path('whole'), library)
            self.damage(library, section, seed)
            began = time.monotonic()
            done = self.cli('report', '--format', 'json', '--by', 'stack', capture)
            assert done.status == 0, (seed, done.stderr)
            assert time.monotonic() - began < 30
            assert re.fullmatch(r'(pymemflow: .*\n)*', done.stderr), (seed, done.stderr)
            names = [frame['function'] for site in json.loads(done.stdout)['sites'] for frame in site['stack']
                     if frame.get('library', '').endswith('libshop.so') and not frame.get('inlined')]
            assert set(names) == {LOAD, 'keep', 'in_a_thread(void*)', 'keep_in_a_thread'}, (seed, names)

    def test_a_helper_that_is_killed(self):
        """A library in place of libdw that ends its process."""
        self.write('end.c', '\n'.join('int %s(void) { __builtin_trap(); }' % name for name in NAMES_OF_LIBDW))
        self.run('gcc', '-shared', '-fPIC', '-w', '-o', self.path('libdw.so.1'), self.path('end.c'))
        capture = self.record(self.compile('-g'))
        said = self.report(capture, '--format', 'tree', LD_LIBRARY_PATH=self.folder)
        assert 'keep (libshop.so)\n' in said and 'inlined' not in said
        assert said.count('some C functions have no lines: their debug information is damaged\n') == 1

    def test_a_helper_that_does_not_answer(self):
        self.write('end.c', 'int pause(void);\n' +
                   '\n'.join('int %s(void) { for (;;) pause(); }' % name for name in NAMES_OF_LIBDW))
        self.run('gcc', '-shared', '-fPIC', '-w', '-o', self.path('libdw.so.1'), self.path('end.c'))
        capture = self.record(self.compile('-g'))
        began = time.monotonic()
        said = self.report(capture, '--format', 'tree', LD_LIBRARY_PATH=self.folder)
        assert 4 < time.monotonic() - began < 30
        assert 'keep (libshop.so)\n' in said
        assert said.count('some C functions have no lines: to read them took too long\n') == 1


def names_of_libdw():
    path = os.path.join(os.path.dirname(__file__), '../../../report/symbols/linux/dwarf_library.cpp')
    with open(path, encoding='utf-8') as file:
        return re.findall(r'"(dw\w+)"', file.read())


NAMES_OF_LIBDW = names_of_libdw()


@pytest.mark.one_python
class TestWithoutLibraries(Case):
    """Text files of the same names are found before the libraries."""

    def hide(self, name):
        os.makedirs(self.path('hidden'), exist_ok=True)
        self.write('hidden/' + name, 'not a library\n')
        return {'LD_LIBRARY_PATH': self.path('hidden')}

    def test_libelf(self):
        capture = self.record(self.compile('-g'))
        line = 'pymemflow: C functions have no names: libelf.so.1 cannot be opened\n'
        hidden = self.hide('libelf.so.1')
        for options in (['--format', 'tree'], ['--format', 'summary'], ['--format', 'distributions']):
            text = self.report(capture, *options, **hidden)
            assert text.count(line) == 1, options
            assert '(libshop.so' not in text
            assert line not in self.report(capture, *options)
        assert 'libshop.so+0x' in self.report(capture, '--format', 'tree', **hidden)
        self.report(capture, '--format', 'json', said=line + self.counts(capture), **hidden)
        done = self.cli('gate', '--max-leak=1', capture, env=dict(self.environment, **hidden))
        assert done.stderr.count(line) == 1 and done.status == 1
        done = self.cli('diff', capture, capture, env=dict(self.environment, **hidden))
        assert done.stderr == line and done.status == 0

    def counts(self, capture):
        return self.report(capture, '--format', 'summary').splitlines(True)[-1]

    def test_libdw(self):
        capture = self.record(self.compile('-g'))
        line = 'pymemflow: C functions have no lines: libdw.so.1 cannot be opened\n'
        text = self.report(capture, '--format', 'tree', **self.hide('libdw.so.1'))
        assert text.count(line) == 1 and 'keep (libshop.so)\n' in text
        # Nothing is said by a report that has no lines.
        assert line not in self.report(capture, '--format', 'distributions', **self.hide('libdw.so.1'))

    @pytest.mark.parametrize('name,line', [
        ('libelf.so.1', 'C functions have no names: libelf.so.1 cannot be opened'),
        ('liblzma.so.5', 'some C functions have no names: liblzma.so.5 cannot be opened, which unpacks them'),
        ('libdw.so.1', 'C functions have no lines: libdw.so.1 cannot be opened')])
    def test_doctor(self, name, line):
        done = self.cli('doctor', '--json', '/usr/bin/python3', env=dict(self.environment, **self.hide(name)))
        row, = [row for row in json.loads(done.stdout)['checks'] if row['check'] == 'symbols']
        assert row['verdict'] == 'note' and line in row['text'] and row['advice']
        done = self.cli('doctor', '--json', '/usr/bin/python3')
        row, = [row for row in json.loads(done.stdout)['checks'] if row['check'] == 'symbols']
        assert row['verdict'] == 'ok' and not row['advice']


class Server:
    """A server of debug information, which has none; the requests that it got."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(('127.0.0.1', 0))
        self.socket.listen(100)
        self.url = 'http://127.0.0.1:%d' % self.socket.getsockname()[1]
        self.requests = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.requests.append(client.recv(4096).split(b'\r\n')[0].decode())
            client.sendall(b'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
            client.close()


@pytest.mark.one_python
class TestServers(Case):
    @pytest.fixture(autouse=True)
    def server(self, fixtures):
        server = Server()
        self.servers = {'DEBUGINFOD_URLS': server.url, 'DEBUGINFOD_CACHE_PATH': self.path('cache')}
        yield server
        server.socket.close()

    def test_are_not_asked_unasked(self, server):
        library = self.compile()
        capture = self.record(library, PYMEMFLOW_FORMAT='summary', **self.servers)
        assert self.frames(capture, BOTH, **self.servers) == NAMES
        self.report(capture, '--format', 'summary', '--full-stacks', **self.servers)
        self.cli('gate', '--max-leak=1', capture, env=dict(self.environment, **self.servers))
        assert server.requests == []

    def test_are_asked(self, server):
        library = self.compile()
        build_id = re.search('Build ID: ([0-9a-f]+)', subprocess.run(
            ['readelf', '-n', library], stdout=subprocess.PIPE, check=True, universal_newlines=True).stdout).group(1)
        capture = self.record(library)
        text = self.report(capture, '--format', 'summary', '--debuginfod', **self.servers)
        assert 'keep (libshop.so)\n' in text
        assert 'GET /buildid/%s/debuginfo HTTP/1.1' % build_id in server.requests

    def test_of_none(self):
        capture = self.record(self.compile())
        text = self.report(capture, '--format', 'tree', '--debuginfod', DEBUGINFOD_URLS='')
        assert text.count('pymemflow: no server was asked for debug information: DEBUGINFOD_URLS names none\n') == 1
        self.write('libdebuginfod.so.1', 'not a library\n')
        text = self.report(capture, '--format', 'tree', '--debuginfod', LD_LIBRARY_PATH=self.folder, **self.servers)
        assert text.count('no server was asked for debug information: libdebuginfod.so.1 cannot be opened\n') == 1
