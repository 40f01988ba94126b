"""`python -m pymemflow run script.py`: the command, which lies beside this module in a wheel, and in
build/release of a checkout."""
import os
import sys


def find_command():
    """Its path; None: it is nowhere."""
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.dirname(os.path.dirname(here))
    for folder in (here, os.path.join(root, "build", "release")):
        path = os.path.join(folder, "pymemflow")
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def main():
    command = find_command()
    if command is None:
        sys.stderr.write("pymemflow: the command is not there: build it with scripts/build\n")
        return 2
    os.execv(command, ["pymemflow"] + sys.argv[1:])
    return 2  # os.execv() does not come back


if __name__ == "__main__":
    sys.exit(main())
