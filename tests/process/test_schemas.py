"""Files that other tools read are valid by those tools' own schemas: the gate's JUnit file by the schema
that pytest's tests use, the workflows by the schema of workflow files, a speedscope file by speedscope's. They come
from the package indexes of Python and npm, so this is a part of scripts/soak. test_gate.py and test_speedscope.py
read the files without a network.
"""
import glob
import os
import subprocess
import tarfile

import pytest

import built
import cases

pytestmark = [pytest.mark.one_python, pytest.mark.slow, pytest.mark.soak('schemas')]
SCHEMA = 'testing/example_scripts/junit-10.xsd'


def quiet(*words, **options):
    """The exit code and the output."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)
    return done.returncode, done.stdout.decode('utf-8', 'replace')


class Case(cases.Case):
    def pip(self, *words):
        status, said = quiet(self.python.path, '-m', 'pip', *words, '--quiet', '--timeout', '10',
                             cwd=self.folder)
        if status != 0:
            pytest.skip('pip cannot get what is needed: ' + said[-200:])


class TestJUnit(Case):
    @pytest.mark.needs('xmllint')
    def test_is_valid(self):
        self.pip('download', '--no-deps', '--no-binary', 'pytest', 'pytest==7.4.4')
        source, = glob.glob(os.path.join(self.folder, 'pytest-*.tar.gz'))
        with tarfile.open(source) as archive:
            name, = [each for each in archive.getnames() if each.endswith(SCHEMA)]
            schema = os.path.join(self.folder, 'junit.xsd')
            with open(schema, 'wb') as file:
                file.write(archive.extractfile(name).read())
        leak = 'import _leaky\ndef leak(): _leaky.leaking(100000)\nleak()  # <&">\n'
        for limits in (('--max-leak=4KiB', '--max-peak=1GB'), ('--max-leak=1MB',)):
            path = os.path.join(self.folder, 'junit.xml')
            done = self.cli('gate', '--junit', path, *limits, '--', self.python.path, '-c', leak,
                            env=self.environment)
            assert done.status in (0, 1), done.stderr
            status, said = quiet('xmllint', '--noout', '--schema', schema, path)
            assert status == 0, said


class TestWorkflows(Case):
    def test_are_valid(self):
        self.pip('install', '--target', os.path.join(self.folder, 'lib'), 'check-jsonschema')
        files = [path for folder in ('examples/ci', '.github/workflows')
                 for path in sorted(glob.glob(os.path.join(built.ROOT, folder, '*.yml')))]
        assert files != []
        environment = dict(os.environ, PYTHONPATH=os.path.join(self.folder, 'lib'))
        status, said = quiet(self.python.path, '-m', 'check_jsonschema', '--builtin-schema',
                             'vendor.github-workflows', *files, env=environment)
        assert status == 0, said


class TestSpeedscope(Case):
    @pytest.mark.needs('npm')
    def test_is_valid(self):
        self.pip('install', '--target', os.path.join(self.folder, 'lib'), 'jsonschema')
        status, said = quiet('npm', 'pack', '--silent', 'speedscope@1.25.0', cwd=self.folder)
        if status != 0:
            pytest.skip('npm cannot get speedscope: ' + said[-200:])
        with tarfile.open(os.path.join(self.folder, 'speedscope-1.25.0.tgz')) as archive:
            schema = archive.extractfile('package/dist/release/file-format-schema.json').read()
        self.write('schema.json', schema.decode('utf-8'))
        done = self.cli('run', '--format=speedscope', '--output', self.path('it.json'), '--', self.python.path, '-c',
                        'import json, os; kept = json.dumps(list(range(9999))); os._exit(0)', env=self.environment)
        assert done.status == 0, done.stderr
        environment = dict(os.environ, PYTHONPATH=os.path.join(self.folder, 'lib'))
        status, said = quiet(self.python.path, '-m', 'jsonschema', '--instance', self.path('it.json'),
                             self.path('schema.json'), env=environment)
        assert status == 0, said
