"""pymemflow doctor: what it says of this Python, and of what is in the way."""
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import sysconfig
import tempfile
import unittest

import command
import traced

IS_FREE_THREADED = bool(sysconfig.get_config_var('Py_GIL_DISABLED'))
IS_DEBUG = hasattr(sys, 'gettotalrefcount')
NOBODY = 65534


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        self.environment = {name: value for name, value in os.environ.items()
                            if name not in ('LD_PRELOAD', 'PYTHONMALLOC')
                            and not name.startswith('PYMEMFLOW_')}

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o755):
        with open(self.path(name), 'w') as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def link(self, name, source):
        os.symlink(source, self.path(name))
        return self.path(name)

    def ask(self, *words, **environment):
        """(what it found, as JSON; the checks by name)"""
        done = command.call('doctor', '--json', *words, env=dict(self.environment, **environment))
        self.assertEqual(done.stderr, '')
        found = json.loads(done.stdout)
        self.assertEqual(found['exit_code'], done.status)
        self.assertEqual(found['traceable'], ['full', 'partial', 'none'][done.status])
        return found, {check['check']: check for check in found['checks']}

    def refused(self, check, text, *words, **environment):
        found, checks = self.ask(*words, **environment)
        self.assertEqual(found['exit_code'], 2, found)
        # It is the last word, and the only bad one.
        self.assertEqual([name for name in checks if checks[name]['verdict'] == 'no'], [check])
        self.assertEqual(list(checks)[-1], check)
        self.assertIn(text, checks[check]['text'])
        return checks[check]


class Doctor(Case):
    def test_this_python(self):
        found, checks = self.ask(sys.executable)
        self.assertEqual(found['exit_code'], 1 if IS_FREE_THREADED else 0, found)
        self.assertEqual(found['python'].pop('allocator')[:8] or 'pymalloc',
                         'mimalloc' if IS_FREE_THREADED else 'pymalloc')
        self.assertEqual(found['python'], {
            'version': sys.version.replace('\n', ' '), 'implementation': 'cpython',
            'debug': IS_DEBUG, 'free_threaded': IS_FREE_THREADED, 'gil': not IS_FREE_THREADED})
        trace = found['trace']
        self.assertEqual(trace['c_library'], {'made': 20, 'seen': 20, 'on_their_line': 20})
        seen = 0 if IS_FREE_THREADED else 20
        self.assertEqual(trace['large_objects'], {'made': 20, 'seen': seen, 'on_their_line': seen})
        self.assertEqual(trace['small_objects'], {'made': 20, 'seen': 0, 'on_their_line': 0})
        self.assertEqual(trace['layout'], 'published by the interpreter'
                         if sys.version_info >= (3, 13) else 'known of its version')
        self.assertTrue(os.path.samefile(found['program'], sys.executable))
        with open('/proc/self/maps') as maps:
            libraries = {line.split()[-1] for line in maps if 'libpython' in line}
        self.assertTrue(os.path.samefile(trace['interpreter'],
                                         (libraries or {sys.executable}).pop()), trace)
        self.assertEqual(checks['objects']['verdict'], 'partly' if IS_FREE_THREADED else 'note')

    def test_in_words(self):
        done = command.call('doctor', sys.executable, env=self.environment)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[-1], 'This Python can be traced %s.'
                         % ('in part' if IS_FREE_THREADED else 'fully'))
        self.assertIn('CPython %s, %s build' % (sys.version.split()[0],
                                                'debug' if IS_DEBUG else 'release'), done.stdout)
        self.assertIn(': %s of %s events are on their line' % ((20, 20) if IS_FREE_THREADED
                                                               else (40, 40)), done.stdout)

    @unittest.skipIf(IS_FREE_THREADED, 'it refuses any other allocator')
    def test_allocator_of_objects(self):
        found, checks = self.ask(sys.executable, PYTHONMALLOC='malloc')
        self.assertEqual(found['trace']['small_objects']['on_their_line'], 20)
        self.assertEqual((checks['objects']['verdict'], found['exit_code']), ('ok', 0))

    def test_the_one_of_the_path(self):
        self.link('python3', sys.executable)
        home = sysconfig.get_config_var('prefix')
        found, _ = self.ask(PATH=self.folder + ':' + self.environment['PATH'], PYTHONHOME=home)
        self.assertEqual(found['python']['version'], sys.version.replace('\n', ' '))

    def test_wrapper(self):
        wrapper = self.write('wrapper', '#!/bin/sh\nexec "%s" "$@"\n' % sys.executable)
        found, checks = self.ask(wrapper)
        self.assertEqual(found['exit_code'], 1 if IS_FREE_THREADED else 0)
        self.assertIn('a script for /bin/sh, which comes to ', checks['program']['text'])
        for line in ('exec env -u LD_PRELOAD "%s" "$@"', 'unset LD_PRELOAD; exec "%s" "$@"',
                     'LD_PRELOAD=libm.so.6 exec "%s" "$@"'):
            wrapper = self.write('wrapper', '#!/bin/sh\n%s\n' % line % sys.executable)
            self.refused('preload', 'taken away or changed', wrapper)

    def test_another_allocator(self):
        other = os.environ['PMF_BUMP_ALLOCATOR']
        text = '#!/bin/sh\nLD_PRELOAD="%s" exec "' + sys.executable + '" "$@"\n'
        _, checks = self.ask(self.write('wrapper', text % ('$LD_PRELOAD:' + other)))
        self.assertEqual(checks['preload']['verdict'], 'note')
        self.assertIn('then malloc() of ' + other, checks['preload']['text'])
        wrapper = self.write('wrapper', text % (other + ':$LD_PRELOAD'))
        self.refused('preload', 'malloc() is that of ' + other, wrapper)

    def test_what_is_no_python(self):
        self.refused('program', 'it is not in the PATH', 'nosuchpython')
        self.refused('program', 'No such file', '/no/such/python')
        self.refused('program', 'it is a folder', self.folder)
        self.refused('program', 'Permission denied', self.write('text', 'import this\n', 0o644))
        self.refused('program', 'neither ELF nor a script', self.write('text', 'import this\n'))
        self.refused('python', 'exit code 3', '/bin/sh')
        self.refused('python', 'no Python', self.write('other', '#!/bin/sh\necho no Python >&2\n'))

    def test_what_no_loader_can_help(self):
        self.refused('loader', 'static', os.environ['PMF_STATIC_PROGRAM'])
        with open(self.path('musl'), 'wb') as file:
            with open(os.environ['PMF_PROGRAM'], 'rb') as program:
                file.write(program.read().replace(b'/lib64/ld-linux-x86-64.so.2',
                                                  b'/lib/ld-musl-x86_64.so.1'.ljust(27, b'\0')))
        os.chmod(self.path('musl'), 0o755)
        self.refused('loader', 'its C library is musl', self.path('musl'))
        with open(self.path('other'), 'wb') as file:
            with open(os.environ['PMF_PROGRAM'], 'rb') as program:
                image = bytearray(program.read())
            image[18:20] = struct.pack('<H', 243)
            file.write(image)
        os.chmod(self.path('other'), 0o755)
        self.refused('machine', 'it is for riscv', self.path('other'))

    def test_usage(self):
        for words in (('--nosuch',), ('a', 'b')):
            done = command.call('doctor', *words, env=self.environment)
            self.assertEqual((done.status, done.stdout, done.stderr.count('\n')), (2, '', 1))


@unittest.skipUnless(os.geteuid() == 0, 'only root can give a file to another user')
class Rights(Case):
    """Of a copy of this Python; its library is found by where it was built."""

    def copy(self):
        copy = self.path('python3')
        shutil.copy(os.path.realpath(sys.executable), copy)
        self.environment['PYTHONHOME'] = '%s:%s' % (sys.base_prefix, sys.base_exec_prefix)
        return copy

    def test_set_user_id(self):
        copy = self.copy()
        os.chown(copy, NOBODY, NOBODY)
        os.chmod(copy, 0o755 | stat.S_ISUID)
        said = subprocess.run([copy, '-c', 'import os; print(os.geteuid())'], env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if said.stdout.strip() != str(NOBODY).encode():
            self.skipTest('such a copy does not run here')
        check = self.refused('rights', 'set-user-id to user %d' % NOBODY, copy)
        self.assertIn('Trace a copy', check['advice'])

    def test_what_root_may_trace(self):
        copy = self.copy()
        os.chmod(copy, 0o755 | stat.S_ISUID)
        _, checks = self.ask(copy)
        self.assertEqual(checks['rights']['verdict'], 'note')
        self.assertIn('set-user-id to user 0', checks['rights']['text'])

    def test_file_capabilities(self):
        copy = self.copy()
        net_bind = struct.pack('<5I', 0x02000001, 1 << 10, 0, 0, 0)
        try:
            os.setxattr(copy, 'security.capability', net_bind)
        except OSError as error:
            self.skipTest('no file capabilities here: %s' % error)
        _, checks = self.ask(copy)
        self.assertIn('file capabilities', checks['rights']['text'])


if __name__ == '__main__':
    traced.require_known()
    command.main()
