"""Files that other tools read are valid by those tools' own schemas: the gate's JUnit file by the schema
that pytest's tests use, the workflows by the schema of workflow files. Both schemas come from Python's
package index, so this is a part of scripts/soak. test_gate.py reads the JUnit file without a network.
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
