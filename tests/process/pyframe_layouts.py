"""The row of pyframe/layouts.cpp, or trace_layout.cpp, is the one that this Python's headers give."""
import os
import re
import subprocess
import sys

command = [os.environ["PMF_PRINT_LAYOUTS"]]
if "PMF_PRINT_OPTION" in os.environ:
    command.append(os.environ["PMF_PRINT_OPTION"])
row = subprocess.Popen(command + [sys.executable], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       universal_newlines=True)
printed, errors = row.communicate()
if row.returncode == 3 and "Python.h" in errors:
    print("skipped: this Python has no headers")
    sys.exit(77)
if row.returncode != 0:
    sys.exit(errors)


def squeeze(text):
    return re.sub(r"\s+", "", text).rstrip(",")


with open(os.environ["PMF_LAYOUTS"]) as table:
    # What no header says, and comes last in a row of the trace layouts.
    text = re.sub(r",\s*\.(call|loop)_opcodes = \{.*?\}", "", table.read())
    if squeeze(printed) not in squeeze(text):
        sys.exit("not in %s:\n%s" % (os.environ["PMF_LAYOUTS"], printed))
