"""Programs of other projects behave as without the library: the same output, the same files, the same
end. Each leaves a report without lost events."""
import os
import re
import shutil
import subprocess

import pytest

import cases

pytestmark = pytest.mark.stable_abi
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


# Names the compiled files that differ between two folders. By their code objects: the order of a frozen
# set in a file is not the same twice.
DIFFERENCES = '''
import marshal, os, sys
def load(path):
    with open(path, 'rb') as file:
        file.seek(16 if sys.version_info >= (3, 7) else 12)
        return marshal.load(file)
for name in sys.stdin.read().split('\\n'):
    if load(os.path.join(sys.argv[1], name)) != load(os.path.join(sys.argv[2], name)):
        print(name)
'''
LEFT_OUT = shutil.ignore_patterns('site-packages', 'dist-packages', 'test', 'tests', 'idlelib',
                                  '__pycache__', '*.so', 'config-*', 'lib2to3', 'ensurepip')


def compiled_files(folder):
    return sorted(os.path.relpath(os.path.join(place, name), folder)
                  for place, _, names in os.walk(folder) for name in names if name.endswith('.pyc'))


class TestRealPrograms(cases.Case):
    def run_both(self, *arguments, **environment):
        """The run under the library, whose output and end are those without it, but for times."""
        environment.setdefault('PYTHONHASHSEED', '0')
        words = [self.python.path, *arguments]
        plain = self.trace.program(words, preload=False, **environment)
        run = self.trace.program(words, **environment)
        assert self.outcome(run) == self.outcome(plain)
        for report in run.reports.values():
            assert report.lost == 0
        assert run.report.recorded > 1000
        return run

    def require(self, name):
        """scripts/packages installs it for the system's Python: there it must be."""
        if not self.python.path.startswith('/usr/bin/'):
            self.trace.require(name)

    @staticmethod
    def outcome(run):
        without_times = re.sub(r'\d+\.\d+s', 'SECONDS', run.stderr)
        return run.status, run.stdout, without_times

    def test_compiling_the_standard_library(self):
        library, kept = self.path('library'), self.path('kept')
        shutil.copytree(self.python.evaluate('import sysconfig; print(sysconfig.get_path("stdlib"))'),
                        library, symlinks=True, ignore=LEFT_OUT)
        outcomes = []
        for preload in (False, True):
            run = self.trace.program([self.python.path, '-m', 'compileall', '-f', library],
                                     preload=preload, PYTHONHASHSEED='0', PYMEMFLOW_FLOW='0')
            files = compiled_files(library)
            outcomes.append((run.status, run.stdout, run.stderr, files))
            for name in files if not preload else ():
                os.renames(os.path.join(library, name), os.path.join(kept, name))
        assert len(files) > 100
        assert outcomes[1] == outcomes[0]
        differences = subprocess.run([self.python.path, '-c', DIFFERENCES, library, kept],
                                     input='\n'.join(files), stdout=subprocess.PIPE, check=True,
                                     universal_newlines=True).stdout
        assert differences == ''
        assert run.report.lost == 0
        assert run.report.recorded > 100000

    def test_unit_tests_of_the_standard_library(self):
        # Debian keeps all but one in a package of their own, whose name has the version in it.
        modules = ['test.test_json', 'test.test_textwrap', 'test.test_struct']
        if not self.trace.can_import('test.test_json'):
            modules = ['test.test_support']
        run = self.run_both('-m', 'unittest', *modules)
        assert re.search(r'Ran \d{2,} tests', run.stderr)

    def test_pip(self):
        self.require('pip')
        run = self.run_both('-m', 'pip', '--disable-pip-version-check', 'list')
        assert run.status == 0
        assert 'pip' in run.stdout

    def test_numpy(self):
        self.require('numpy')
        run = self.run_both('-c', NUMPY)
        assert run.status == 0

    def test_pandas(self):
        self.require('pandas')
        run = self.run_both('-c', PANDAS)
        assert run.status == 0
