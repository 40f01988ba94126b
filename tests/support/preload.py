"""Runs programs under the library, for the scripts that are not yet written for pytest."""
import collections
import os
import subprocess
import tempfile

from reports import Report  # noqa: F401

LIBRARY = os.path.abspath(os.environ['PMF_LIBRARY'])

Done = collections.namedtuple('Done', 'status stdout stderr report')


def environment(**more):
    """This one without what is ours; None takes a variable away."""
    result = {name: value for name, value in os.environ.items()
              if name != 'LD_PRELOAD' and not name.startswith('PYMEMFLOW_')}
    result.update(more)
    return {name: value for name, value in result.items() if value is not None}


def run(command, preload=True, timeout=100, cwd=None, **variables):
    """Runs it; `report` is the text of the report, None where there is none."""
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, 'report')
        if preload:
            variables = dict(variables, LD_PRELOAD=LIBRARY, PYMEMFLOW_OUTPUT=output)
        done = subprocess.run(command, env=environment(**variables), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                              cwd=cwd, check=False)
        report = None
        if os.path.exists(output):
            with open(output, 'rb') as file:
                report = file.read()
    return Done(done.returncode, done.stdout, done.stderr, report)
