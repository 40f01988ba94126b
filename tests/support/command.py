"""Runs the command, for the tests in tests/process."""
import os
import subprocess
from collections import namedtuple

COMMAND = os.environ['PMF_COMMAND']
Done = namedtuple('Done', 'status stdout stderr')


def call(*arguments, **options):
    process = subprocess.Popen([COMMAND] + list(arguments), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    out, err = process.communicate(timeout=100)
    return Done(process.returncode, out.decode('utf-8', 'surrogateescape'), err.decode())
