"""Runs the command, for the tests in tests/process."""
import os
import subprocess
import sys
import unittest
from collections import namedtuple

SKIPPED = 77
COMMAND = os.environ['PMF_COMMAND']
Done = namedtuple('Done', 'status stdout stderr')


def call(*arguments, **options):
    process = subprocess.Popen([COMMAND] + list(arguments), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    out, err = process.communicate(timeout=100)
    return Done(process.returncode, out.decode('utf-8', 'surrogateescape'), err.decode())


def check_line(case, done, *words):
    """Exit code 2, and one line on standard error that has the words."""
    case.assertEqual((done.status, done.stdout), (2, ''), done)
    case.assertEqual(done.stderr.count('\n'), 1, done.stderr)
    case.assertTrue(done.stderr.startswith('pymemflow: '), done.stderr)
    for word in words:
        case.assertIn(word, done.stderr)


def main():
    """Runs the tests. A single one that is skipped, for want of a tool, skips the whole for ctest,
    which would not show it otherwise."""
    result = unittest.main(verbosity=2, exit=False).result
    sys.exit(1 if not result.wasSuccessful() else SKIPPED if result.skipped else 0)
