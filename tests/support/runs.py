"""Runs programs under the library, and the command: the objects behind the fixtures `trace` and `cli`."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections import namedtuple

import pytest

import built
from reports import Report

TIMEOUT = 100
Done = namedtuple('Done', 'status stdout stderr')


def environment(**more):
    """The environment without the variables of the library and of Python, such as PYTHONUNBUFFERED, that
    the caller of the tests has set. A variable that is None in `more` is left out."""
    result = {name: value for name, value in os.environ.items()
              if name != 'LD_PRELOAD' and not name.startswith(('PYMEMFLOW_', 'PYTHON'))}
    result['PYTHONDONTWRITEBYTECODE'] = '1'
    result.update(more)
    return {name: value for name, value in result.items() if value is not None}


def finish(process, timeout=TIMEOUT):
    """Waits for a process; kills one that hangs, and fails."""
    try:
        return process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError('%s hangs: %s %s' % (process.args, out, err)) from None


class Run:
    """One run of a program: status, stdout, stderr, pid.

    files    the names of what lay in the folder of the reports at the end
    texts    {name: text} of those
    reports  {process id: Report} of those that are named report.PID
    """

    def __init__(self, words, variables, output=None, cwd=None, timeout=TIMEOUT):
        with tempfile.TemporaryDirectory() as folder:
            if output is not None:
                variables = {'PYMEMFLOW_OUTPUT': os.path.join(folder, output), **variables}
            process = subprocess.Popen(words, env=variables, cwd=cwd or folder, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            out, err = finish(process, timeout)
            self.pid, self.status = process.pid, process.returncode
            self.stdout = out.decode('utf-8', 'surrogateescape')
            self.stderr = err.decode('utf-8', 'surrogateescape')
            self.files = sorted(os.listdir(folder))
            self.texts = {}
            for name in self.files:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, encoding='utf-8', errors='surrogateescape', newline='') as file:
                        self.texts[name] = file.read()
        self.reports = {int(name.rpartition('.')[2]): Report(text)
                        for name, text in self.texts.items() if re.match(r'report\.\d+$', name)}

    @property
    def report(self):
        """The report of the process that was started."""
        return self.reports[self.pid]


class Tracer:
    """Runs programs under the library with one Python. The fixture `trace`.

    trace(script, *arguments, **options)    tests/victims/SCRIPT, or a script by its whole path
    trace.code(text, *arguments, **options)
    trace.program(words, **options)         any program

    Options: preload=False runs it without the library; before=[...] and after=[...] are preloaded
    too; output='report.%p' names the report in a folder of its own, None leaves it on standard error;
    cwd and timeout; every other one is an environment variable (None: unset).
    """

    def __init__(self, python, build):
        self.python = python
        self.build = build

    def __call__(self, script, *arguments, **options):
        return self.program([self.python.path, built.victim(script), *map(str, arguments)], **options)

    def code(self, text, *arguments, **options):
        return self.program([self.python.path, '-c', text, *map(str, arguments)], **options)

    def can_import(self, module):
        return self.code('import ' + module, preload=False).status == 0

    def require(self, module):
        """Skips the test under a Python that lacks a module."""
        if not self.can_import(module):
            pytest.skip('Python %s has no %s' % (self.python.id, module))

    def environment(self, **more):
        """The environment that a traced program gets, but for the library."""
        known = dict(self.build.variables, **self.python.environment)
        if self.build.has('cMemLeak'):
            known['PYTHONPATH'] = self.build.examples
        known.update(more)
        return environment(**known)

    def program(self, words, preload=True, before=(), after=(), output='report.%p', cwd=None,
                timeout=TIMEOUT, **variables):
        if preload:
            variables.setdefault('LD_PRELOAD', ':'.join([*before, self.build.library, *after]))
        run = Run(words, self.environment(**variables), output if preload else None, cwd, timeout)
        if preload and self.python.is_free_threaded:
            # tests/matrix has the test of this line; to all others it is no message about their subject.
            run.stderr = OF_FREE_THREADED.sub('', run.stderr)
        return run


OF_FREE_THREADED = re.compile(r'^pymemflow: this is a free-threaded CPython: .*\n', re.MULTILINE)


# Runs a command, and writes its status and its peak resident set in KiB to a descriptor.
MEASURE = """import os, sys
os.set_inheritable(int(sys.argv[1]), False)
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
os.write(int(sys.argv[1]), b'%d %d' % (status, usage.ru_maxrss))"""


class Measured:
    """A command whose peak of memory is measured; its standard output is read from `stdout`.

    A small process starts it: the kernel's peak of a child begins with that of its parent.
    """

    def __init__(self, words, env, timeout=TIMEOUT):
        self.usage, of_child = os.pipe()
        try:
            self.process = subprocess.Popen([sys.executable, '-ISc', MEASURE, str(of_child), *words], env=env,
                                            pass_fds=[of_child], start_new_session=True,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        finally:
            os.close(of_child)
        self.timer = threading.Timer(timeout, os.killpg, (self.process.pid, signal.SIGKILL))
        self.timer.start()
        self.stdout = self.process.stdout

    def finish(self):
        """The status, and the peak in bytes, after the end of its standard output."""
        self.process.communicate()
        self.timer.cancel()
        with open(self.usage, encoding='ascii') as file:
            status, kibibytes = map(int, file.read().split())
        return os.waitstatus_to_exitcode(status), kibibytes << 10


class Command:
    """Runs the command. The fixture `cli`.

    cli(*words, **options)    Done(status, stdout, stderr); options are those of subprocess.Popen, and
                              env is the whole environment
    """

    def __init__(self, path):
        self.path = path

    def __call__(self, *words, **options):
        options.setdefault('env', environment())
        timeout = options.pop('timeout', TIMEOUT)
        process = subprocess.Popen([self.path, *map(str, words)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        out, err = finish(process, timeout)
        return Done(process.returncode, out.decode('utf-8', 'surrogateescape'),
                    err.decode('utf-8', 'surrogateescape'))

    def measured(self, *words, env=None):
        """A Measured command."""
        return Measured([self.path, *map(str, words)], environment() if env is None else env)

    def report(self, capture, *options):
        """The report on a capture, which the command makes without a complaint."""
        done = self('report', capture, *options)
        assert (done.status, done.stderr) == (0, ''), done
        return Report(done.stdout)


def check_error(done, *words):
    """Exit code 2, nothing on standard output, and one line on standard error that has the words."""
    assert (done.status, done.stdout) == (2, ''), done
    check_one_line(done, *words)


def check_one_line(done, *words):
    """One line of ours on standard error, which has the words."""
    assert done.stderr.count('\n') == 1, done.stderr
    assert done.stderr.startswith('pymemflow: '), done.stderr
    for word in words:
        assert word in done.stderr
