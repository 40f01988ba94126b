"""The row of pyframe/layouts.cpp is the one that this Python's headers give."""
import os
import re
import subprocess
import sys

row = subprocess.Popen([os.environ["PMF_PRINT_LAYOUTS"], sys.executable], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, universal_newlines=True)
printed, errors = row.communicate()
if row.returncode == 3 and "Python.h" in errors:
    print("skipped: this Python has no headers")
    sys.exit(77)
if row.returncode != 0:
    sys.exit(errors)


def squeeze(text):
    return re.sub(r"\s+", "", text).rstrip(",")


with open(os.environ["PMF_LAYOUTS"]) as table:
    if squeeze(printed) not in squeeze(table.read()):
        sys.exit("not in pyframe/layouts.cpp:\n" + printed)
