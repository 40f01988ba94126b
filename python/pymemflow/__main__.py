"""`python -m pymemflow run script.py`: runs the command, with this Python for script.py, -m and -c.

The console script `pymemflow` runs the same command, but uses the python3 of the PATH: it may be
installed in another environment than the program that it runs.
"""

import os
import sys
from typing import Optional

from pymemflow._files import find

# The command reads and removes it (cli/launch/split_command.cpp): no traced program sees it.
_PYTHON = "_PYMEMFLOW_PYTHON"


def main(python: Optional[str] = None) -> int:
    """Replaces this process by the command, with the same arguments.

    `python` runs script.py, -m and -c instead of the python3 of the PATH. Returns exit code 2 when
    the command cannot be run.
    """
    command = find("pymemflow")
    if command is None:
        sys.stderr.write(
            "pymemflow: cannot find the command: it is neither beside the module nor in "
            "build/release; build it with scripts/build\n"
        )
        return 2
    if python:
        os.environ[_PYTHON] = python
    try:
        os.execv(command, ["pymemflow", *sys.argv[1:]])
    except OSError as error:
        sys.stderr.write("pymemflow: cannot run '%s': %s\n" % (command, error.strerror))
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.executable))
