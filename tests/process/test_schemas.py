"""What is written for other people's tools is held against their own rules: the gate's JUnit file
against the schema that pytest's tests use, the workflows against the schema of workflow files. Both
come from Python's package index; where it cannot be reached, that is said, and the test is skipped.
"""
import glob
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

import command
import traced

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCHEMA = 'testing/example_scripts/junit-10.xsd'


def quiet(*words, **options):
    """The exit code, and what was said."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    return done.returncode, done.stdout.decode('utf-8', 'replace')


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def pip(self, *words):
        status, said = quiet(sys.executable, '-m', 'pip', *words + ('--quiet', '--timeout', '10'),
                             cwd=self.folder)
        if status != 0:
            self.skipTest('pip cannot get what is needed: ' + said[-200:])


class JUnit(Case):
    @unittest.skipUnless(shutil.which('xmllint'), 'xmllint is missing')
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
            done = command.call('gate', '--junit', path, *limits + ('--', sys.executable, '-c', leak),
                                env=dict(os.environ, PYTHONPATH=traced.EXAMPLES))
            self.assertIn(done.status, (0, 1), done.stderr)
            status, said = quiet('xmllint', '--noout', '--schema', schema, path)
            self.assertEqual(status, 0, said)


class Workflows(Case):
    def test_are_valid(self):
        self.pip('install', '--target', os.path.join(self.folder, 'lib'), 'check-jsonschema')
        files = [path for folder in ('examples/ci', '.github/workflows')
                 for path in sorted(glob.glob(os.path.join(ROOT, folder, '*.yml')))]
        self.assertNotEqual(files, [])
        environment = dict(os.environ, PYTHONPATH=os.path.join(self.folder, 'lib'))
        status, said = quiet(sys.executable, '-m', 'check_jsonschema', '--builtin-schema',
                             'vendor.github-workflows', *files, env=environment)
        self.assertEqual(status, 0, said)


if __name__ == '__main__':
    command.main()
