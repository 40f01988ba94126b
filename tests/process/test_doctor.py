"""pymemflow doctor: whether this Python can be traced, and the reasons that prevent it."""
import json
import os
import shutil
import stat
import struct
import subprocess
import time

import pytest

import cases
import pythons

pytestmark = pytest.mark.known_python
NOBODY = 65534


class Case(cases.Case):
    @pytest.fixture(autouse=True)
    def no_allocator(self, fixtures):
        os.chmod(self.folder, 0o755)
        for name in [name for name in self.environment if name.startswith(('PYTHON', 'PMF_'))]:
            del self.environment[name]

    def write(self, name, text, mode=0o755):
        path = super().write(name, text)
        os.chmod(path, mode)
        return path

    def link(self, name, source):
        os.symlink(source, self.path(name))
        return self.path(name)

    def ask(self, *words, **environment):
        """Returns the result as JSON, and the checks by name."""
        done = self.cli('doctor', '--json', *words, env=dict(self.environment, **environment))
        assert done.stderr == ''
        found = json.loads(done.stdout)
        assert found['exit_code'] == done.status
        assert found['traceable'] == ['full', 'partial', 'none'][done.status]
        return found, {check['check']: check for check in found['checks']}

    def refused(self, check, text, *words, **environment):
        found, checks = self.ask(*words, **environment)
        assert found['exit_code'] == 2, found
        # It is the last word, and the only bad one.
        assert [name for name in checks if checks[name]['verdict'] == 'no'] == [check]
        assert list(checks)[-1] == check
        assert text in checks[check]['text']
        return checks[check]


class TestDoctor(Case):
    @pytest.fixture(autouse=True)
    def version(self, fixtures):
        self.version = self.python.evaluate('import sys; print(sys.version)').replace('\n', ' ')

    def test_this_python(self):
        found, checks = self.ask(self.python.path)
        assert found['exit_code'] == (1 if self.python.is_free_threaded else 0), found
        allocator = 'mimalloc' if self.python.is_free_threaded else 'pymalloc'
        assert (found['python'].pop('allocator')[:8] or 'pymalloc') == allocator
        assert found['python'] == {
            'version': self.version, 'implementation': 'cpython',
            'debug': self.python.is_debug, 'free_threaded': self.python.is_free_threaded,
            'gil': not self.python.is_free_threaded}
        trace = found['trace']
        assert trace['c_library'] == {'made': 20, 'seen': 20, 'on_their_line': 20}
        seen = 0 if self.python.is_free_threaded else 20
        assert trace['large_objects'] == {'made': 20, 'seen': seen, 'on_their_line': seen}
        assert trace['small_objects'] == {'made': 20, 'seen': 0, 'on_their_line': 0}
        assert trace['layout'] == ('published by the interpreter'
                                   if self.python.version >= (3, 13) else 'known of its version')
        assert os.path.samefile(found['program'], self.python.path)
        maps = self.python.evaluate('print(open("/proc/self/maps").read())').splitlines()
        libraries = {line.split()[-1] for line in maps if 'libpython' in line}
        assert os.path.samefile(trace['interpreter'],
                                (libraries or {self.python.path}).pop()), trace
        assert checks['objects']['verdict'] == ('partly' if self.python.is_free_threaded else 'note')

    def test_in_words(self):
        done = self.cli('doctor', self.python.path, env=self.environment)
        lines = done.stdout.splitlines()
        assert lines[-1] == ('This Python can be traced %s.'
                             % ('in part' if self.python.is_free_threaded else 'fully'))
        assert ('CPython %s, %s build' % (self.version.split()[0],
                                          'debug' if self.python.is_debug else 'release')) in done.stdout
        assert (': %s of %s events are on the right line' % ((20, 20) if self.python.is_free_threaded
                                                         else (40, 40))) in done.stdout

    def test_allocator_of_objects(self):
        if self.python.is_free_threaded:
            pytest.skip('a free-threaded Python refuses any other allocator')
        found, checks = self.ask(self.python.path, PYTHONMALLOC='malloc')
        assert found['trace']['small_objects']['on_their_line'] == 20
        assert (checks['objects']['verdict'], found['exit_code']) == ('ok', 0)

    def test_the_one_of_the_path(self):
        self.link('python3', self.python.path)
        home = self.python.evaluate('import sys; print(sys.prefix)')
        found, _ = self.ask(PATH=self.folder + ':' + self.environment['PATH'], PYTHONHOME=home)
        assert found['python']['version'] == self.version

    def test_wrapper(self):
        wrapper = self.write('wrapper', '#!/bin/sh\nexec "%s" "$@"\n' % self.python.path)
        found, checks = self.ask(wrapper)
        assert found['exit_code'] == (1 if self.python.is_free_threaded else 0)
        assert 'a script, run by /bin/sh, which starts ' in checks['program']['text']
        for line in ('exec env -u LD_PRELOAD "%s" "$@"', 'unset LD_PRELOAD; exec "%s" "$@"',
                     'LD_PRELOAD=libm.so.6 exec "%s" "$@"'):
            wrapper = self.write('wrapper', '#!/bin/sh\n%s\n' % line % self.python.path)
            self.refused('preload', 'removed or changed', wrapper)

    def test_another_allocator(self):
        other = self.build.path('bump_allocator')
        text = '#!/bin/sh\nLD_PRELOAD="%s" exec "' + self.python.path + '" "$@"\n'
        _, checks = self.ask(self.write('wrapper', text % ('$LD_PRELOAD:' + other)))
        assert checks['preload']['verdict'] == 'note'
        assert 'then malloc() of ' + other in checks['preload']['text']
        wrapper = self.write('wrapper', text % (other + ':$LD_PRELOAD'))
        self.refused('preload', other + ' defines malloc()', wrapper)

    def test_what_is_no_python(self):
        self.refused('program', 'it is not in PATH', 'nosuchpython')
        self.refused('program', 'No such file', '/no/such/python')
        self.refused('program', 'it is a directory', self.folder)
        self.refused('program', 'Permission denied', self.write('text', 'import this\n', 0o644))
        self.refused('program', 'neither ELF nor a script', self.write('text', 'import this\n'))
        self.refused('python', 'exit code 3', '/bin/sh')
        self.refused('python', 'no Python', self.write('other', '#!/bin/sh\necho no Python >&2\n'))

    def test_what_no_loader_can_help(self):
        self.refused('loader', 'statically linked', self.build.path('no_python_static_program'))
        with open(self.path('musl'), 'wb') as file:
            with open(self.build.path('no_python_program'), 'rb') as program:
                file.write(program.read().replace(b'/lib64/ld-linux-x86-64.so.2',
                                                  b'/lib/ld-musl-x86_64.so.1'.ljust(27, b'\0')))
        os.chmod(self.path('musl'), 0o755)
        self.refused('loader', 'its C library is musl', self.path('musl'))
        with open(self.path('other'), 'wb') as file:
            with open(self.build.path('no_python_program'), 'rb') as program:
                image = bytearray(program.read())
            image[18:20] = struct.pack('<H', 243)
            file.write(image)
        os.chmod(self.path('other'), 0o755)
        self.refused('machine', 'it is built for riscv', self.path('other'))

    def test_usage(self):
        for words in (('--nosuch',), ('a', 'b')):
            done = self.cli('doctor', *words, env=self.environment)
            assert (done.status, done.stdout, done.stderr.count('\n')) == (2, '', 1)


@pytest.mark.one_python
class TestTime(Case):
    """A program that does not end is killed, with what it started, and a row says so."""

    def ask_for_a_second(self, name, text, *words):
        start = time.monotonic()
        found, checks = self.ask('--timeout=1', self.write(name, text % self.python.path), *words)
        assert time.monotonic() - start < 20
        assert 'it did not end within 1 s and was killed' in checks['python']['text']
        return found, checks['python']

    def test_no_answer(self):
        _, check = self.ask_for_a_second('hangs', '#!/bin/sh\n: %s\nsleep 1000\nexit\n')
        assert check['verdict'] == 'no'
        assert check['text'].startswith('it gave no answer: ')
        assert '--timeout' in check['advice']

    def test_what_it_started_ends_too(self):
        text = '#!/bin/sh\n: %s\nsh -c "echo \\$\\$ >> ' + self.path('pids') + '; sleep 1000; true"\nexit\n'
        self.ask_for_a_second('starts', text)
        pids = [int(pid) for pid in self.read('pids').split()]
        assert len(pids) == 2  # with the library and without
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)

    def test_no_end_after_the_answers(self):
        found, check = self.ask_for_a_second('stays', '#!/bin/sh\n"%s" "$@"\nsleep 1000\nexit\n')
        assert (check['verdict'], found['traceable']) == ('partly', 'partial')
        assert found['trace']['c_library']['on_their_line'] == 20

    def test_hangs_under_the_library_alone(self):
        found, check = self.ask_for_a_second(
            'traced', '#!/bin/sh\n[ -n "$LD_PRELOAD" ] && sleep 1000\nexec "%s" "$@"\n')
        assert (check['verdict'], found['traceable']) == ('no', 'none')
        assert ', which runs alone, but not with the library: ' in check['text']

    def test_ignores_signals(self):
        self.ask_for_a_second('ignores', '#!/bin/sh\n: %s\ntrap "" TERM HUP INT\nwhile :; do sleep 1; done\n')


@pytest.mark.one_python
class TestOtherPythons(Case):
    def test_too_old(self):
        path = pythons.find_other('python2.7')
        if path is None:
            pytest.skip('python2.7 is not installed')
        check = self.refused('python', 'CPython 2.7', path)
        assert check['text'].endswith(': too old for this version of pymemflow')

    @pytest.mark.parametrize('version', ['2.7.18', '3.99.7'])
    def test_what_looks_like_one(self, version):
        """It answers as that Python would, and its frames cannot be read."""
        answers = ('echo pymemflow-doctor version=%s\necho pymemflow-doctor implementation=cpython\n'
                   'echo pymemflow-doctor process=$$\n' % version)
        path = self.write('looks', '#!/bin/sh\n%sexec %s\n' % (answers, self.build.path('unknown_python')))
        found, checks = self.ask(path, UNKNOWN_PYTHON=version)
        if version.startswith('2'):
            assert (checks['python']['verdict'], found['exit_code']) == ('no', 2)
            assert 'too old' in checks['python']['text']
        else:
            assert (checks['frames']['verdict'], found['exit_code']) == ('partly', 1), checks
            assert 'CPython 3.99.7 is not known' in checks['frames']['text']

    def test_pypy(self):
        path = pythons.find_other('pypy3')
        if path is None:
            pytest.skip('pypy3 is not installed')
        self.refused('python', 'pypy: pymemflow reads the frames of CPython only', path)


@pytest.mark.needs_root
class TestRights(Case):
    """Tests a copy of this Python, which finds its standard library by the path of its build."""

    def copy(self):
        copy = self.path('python3')
        shutil.copy(os.path.realpath(self.python.path), copy)
        self.environment['PYTHONHOME'] = self.python.evaluate(
            'import sys; print("%s:%s" % (sys.base_prefix, sys.base_exec_prefix))')
        return copy

    def test_set_user_id(self):
        copy = self.copy()
        os.chown(copy, NOBODY, NOBODY)
        os.chmod(copy, 0o755 | stat.S_ISUID)
        said = subprocess.run([copy, '-c', 'import os; print(os.geteuid())'], env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if said.stdout.strip() != str(NOBODY).encode():
            pytest.skip('such a copy does not run here')
        check = self.refused('rights', 'set-user-id to user %d' % NOBODY, copy)
        assert 'Trace a copy' in check['advice']

    def test_what_root_may_trace(self):
        copy = self.copy()
        os.chmod(copy, 0o755 | stat.S_ISUID)
        _, checks = self.ask(copy)
        assert checks['rights']['verdict'] == 'note'
        assert 'set-user-id to user 0' in checks['rights']['text']

    def test_file_capabilities(self):
        copy = self.copy()
        net_bind = struct.pack('<5I', 0x02000001, 1 << 10, 0, 0, 0)
        try:
            os.setxattr(copy, 'security.capability', net_bind)
        except OSError as error:
            pytest.skip('no file capabilities here: %s' % error)
        _, checks = self.ask(copy)
        assert 'file capabilities' in checks['rights']['text']
