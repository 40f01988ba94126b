"""Programs that nobody here wrote do what they do without the library: the same output, the same
files, the same end. And each leaves a report in which nothing is lost."""
import marshal
import os
import re
import shutil
import sys
import sysconfig
import tempfile
import unittest

import command
import traced

# Work in C that allocates, with a result that any difference would show in.
NUMPY = '''
import numpy
generator = numpy.random.RandomState(7)
a = generator.rand(300, 300)
print(numpy.linalg.svd(a)[1].sum().round(6), numpy.sort(a.ravel())[::9000].round(6))
print(numpy.fft.fft(a[0])[:3].round(6), [numpy.ones(n).sum() for n in (10, 1000, 100000)])
'''
PANDAS = '''
import io
import pandas
rows = ''.join('%d,%s,%f\\n' % (i, 'abc'[i % 3], i / 7) for i in range(20000))
frame = pandas.read_csv(io.StringIO('n,key,value\\n' + rows))
print(frame.groupby('key').value.describe().round(3).to_string())
print(frame.merge(frame[::5], on='n').pivot_table(index='key_x', values='n', aggfunc='sum'))
'''


# What scripts/packages installs is for this one: there it must be, elsewhere it need not.
IS_OF_SYSTEM = sys.executable.startswith('/usr/bin/')


def has_module(name):
    return traced.Run([sys.executable, '-c', 'import ' + name], preload=False).status == 0


def standard_library(folder):
    """A copy of its Python files, but for the tests."""
    left_out = shutil.ignore_patterns('site-packages', 'dist-packages', 'test', 'tests', 'idlelib',
                                      '__pycache__', '*.so', 'config-*', 'lib2to3', 'ensurepip')
    shutil.copytree(sysconfig.get_path('stdlib'), folder, symlinks=True, ignore=left_out)


def compiled_files(folder):
    """Code objects rather than bytes: the order of a frozen set in a file is not the same twice."""
    result = {}
    for place, _, names in os.walk(folder):
        for name in names:
            if name.endswith('.pyc'):
                path = os.path.join(place, name)
                with open(path, 'rb') as file:
                    file.seek(16 if sys.version_info >= (3, 7) else 12)
                    result[path] = marshal.load(file)
    return result


class RealPrograms(unittest.TestCase):
    maxDiff = None

    def run_both(self, *arguments, **environment):
        """The run under the library, whose output and end are those without it, but for times."""
        environment.setdefault('PYTHONHASHSEED', '0')
        plain = traced.Run([sys.executable] + list(arguments), preload=False, **environment)
        run = traced.Run([sys.executable] + list(arguments), **environment)
        self.assertEqual(self.outcome(run), self.outcome(plain))
        for report in run.reports.values():
            self.assertEqual((report.lost, report.torn), (0, []))
        self.assertGreater(run.report.recorded, 1000)
        return run

    def require(self, name):
        if not IS_OF_SYSTEM and not has_module(name):
            self.skipTest('no %s for this Python' % name)

    @staticmethod
    def outcome(run):
        without_times = re.sub(r'\d+\.\d+s', 'SECONDS', run.stderr)
        return run.status, run.stdout, without_times

    def test_compiling_the_standard_library(self):
        with tempfile.TemporaryDirectory() as folder:
            library = os.path.join(folder, 'library')
            standard_library(library)
            outcomes = []
            for preload in (False, True):
                run = traced.Run([sys.executable, '-m', 'compileall', '-f', library],
                                 preload=preload, PYTHONHASHSEED='0', PYMEMFLOW_FLOW='0')
                files = compiled_files(library)
                outcomes.append((run.status, run.stdout, run.stderr, files))
                for path in files:
                    os.unlink(path)
            self.assertGreater(len(outcomes[0][3]), 100)
            self.assertTrue(outcomes[1] == outcomes[0], 'what is compiled differs')
            self.assertEqual(run.report.lost, 0)
            self.assertGreater(run.report.recorded, 100000)

    def test_unit_tests_of_the_standard_library(self):
        # Debian keeps all but one in a package of their own, whose name has the version in it.
        modules = ['test.test_json', 'test.test_textwrap', 'test.test_struct']
        if not has_module('test.test_json'):
            modules = ['test.test_support']
        run = self.run_both('-m', 'unittest', *modules)
        self.assertRegex(run.stderr, r'Ran \d{2,} tests')

    def test_pip(self):
        self.require('pip')
        run = self.run_both('-m', 'pip', '--disable-pip-version-check', 'list')
        self.assertEqual(run.status, 0)
        self.assertIn('pip', run.stdout)

    def test_numpy(self):
        self.require('numpy')
        run = self.run_both('-c', NUMPY)
        self.assertEqual(run.status, 0)

    def test_pandas(self):
        self.require('pandas')
        run = self.run_both('-c', PANDAS)
        self.assertEqual(run.status, 0)


if __name__ == '__main__':
    command.main()
