"""The test suites that scripts/suites can run: one function each, and the table of them.

A suite is created for one Python. `files()` lists its files, by the names that the suite gives them;
`command(file, junit)` runs one, in `folder` if that is set, and writes the results of its tests to the
file `junit` if the suite's runner can do that.
"""
import os
import subprocess


class Suite:
    folder = None

    def __init__(self, python):
        self.python = python

    def said(self, *arguments):
        """Returns the words that this Python prints; none if it fails, because the suite is not installed."""
        done = subprocess.run([self.python] + list(arguments), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd='/')
        return done.stdout.decode().split() if done.returncode == 0 else []


class CPython(Suite):
    """python -m test: every file, and the resources that it takes by default (none)."""

    # Selected by name: warnings may precede them.
    def files(self):
        return [word for word in self.said('-m', 'test', '--list-tests') if word.startswith('test')]

    def command(self, file, junit):
        return [self.python, '-m', 'test', '--timeout', '600', '--junit-xml', junit, file]


class Pytest(Suite):
    """The test files in a package of `package`, each with a pytest of its own."""

    package = ''
    folders = ('tests',)
    options = ()

    def files(self):
        found = self.said('-c', 'import %s as m; print(m.__path__[0])' % self.package)
        if not found:
            return []
        result = []
        for folder in self.folders:
            for place, _, names in os.walk(os.path.join(found[0], folder)):
                result += [os.path.join(place, name) for name in sorted(names)
                           if name.startswith('test_') and name.endswith('.py')]
        return result

    def command(self, file, junit):
        return [self.python, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--junit-xml', junit,
                *self.options, file]


class Numpy(Pytest):
    package = 'numpy'
    folders = ('core/tests', '_core/tests', 'linalg/tests', 'fft/tests', 'random/tests', 'lib/tests',
               'ma/tests')
    options = ('-m', 'not slow')


class Pandas(Pytest):
    """The quick tests: strings, groups, joins."""
    package = 'pandas'
    folders = ('tests/strings', 'tests/groupby', 'tests/reshape')
    options = ('-m', 'not slow and not network and not db and not single_cpu',)


class Coverage(Suite):
    """Its tests are with its sources alone: scripts/suites installs it from these."""

    def __init__(self, python):
        super().__init__(python)
        found = self.said('-c', 'import coverage; print(coverage.__path__[0])')
        self.folder = os.path.dirname(found[0]) if found else '/'

    def files(self):
        tests = os.path.join(self.folder, 'tests')
        return sorted(name for name in (os.listdir(tests) if os.path.isdir(tests) else ())
                      if name.startswith('test_') and name.endswith('.py'))

    def command(self, file, junit):
        return [self.python, '-m', 'pytest', '-q', '-n0', '--junit-xml', junit,
                os.path.join('tests', file)]


class Modules(Suite):
    """The test modules of `package`."""

    package = ''

    def files(self):
        return self.said('-c', 'import pkgutil, %s as t\n'
                         'print(*sorted(m.name for m in pkgutil.iter_modules(t.__path__)'
                         ' if m.name.startswith("test_")))' % self.package)


class Greenlet(Modules):
    """Its tests are unittest's, and written for a process each."""
    package = 'greenlet.tests'

    def command(self, file, junit):
        return [self.python, '-m', 'unittest', '-v', 'greenlet.tests.' + file]


class Gevent(Modules):
    """Each file of its own tests is a program."""
    package = 'gevent.tests'

    def command(self, file, junit):
        return [self.python, '-m', 'gevent.tests.' + file]


SUITES = {
    'cpython': CPython,
    'numpy': Numpy,
    'pandas': Pandas,
    'coverage': Coverage,
    'greenlet': Greenlet,
    'gevent': Gevent,
}
