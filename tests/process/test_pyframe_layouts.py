"""The layout in use is the one that this Python's headers give, for whatever build it is; and the
rows of pyframe/ are those of the release builds."""
import os
import re
import subprocess
import sys
import sysconfig

import probe

probe.require_known()


def ask(*arguments):
    command = subprocess.Popen([os.environ["PMF_PRINT_LAYOUTS"]] + list(arguments),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               universal_newlines=True)
    printed, errors = command.communicate()
    if command.returncode == 3 and "Python.h" in errors:
        print("skipped: this Python has no headers")
        sys.exit(77)
    if command.returncode != 0:
        sys.exit(errors)
    return printed


def squeeze(text):
    return re.sub(r"\s+", "", text).rstrip(",")


def require_row(printed, table):
    with open(os.environ[table]) as file:
        if squeeze(printed) not in squeeze(file.read()):
            sys.exit("not in %s:\n%s" % (os.environ[table], printed))


row = ask(sys.executable)
by_headers = {name: int(value) for name, value in re.findall(r"\.(\w+) = (\d+)", row)}
in_use = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", probe.layout_text())}
defaults = {"text_kind_bit": 2}
for name, value in in_use.items():
    expected = by_headers.get(name, defaults.get(name, 0))
    if value != expected:
        probe.fail(name, "is taken to be", value, "and is", expected)
unknown = set(by_headers) - set(in_use) - {"major", "minor"}
if unknown:
    probe.fail("printed, but not in use:", unknown)

if sysconfig.get_config_var("Py_GIL_DISABLED") or "header_growth" in row:
    print(len(in_use), "fields compared; a build of its own has no row")
    sys.exit()
require_row(row, "PMF_LAYOUTS")
if sys.version_info >= (3, 13):
    require_row(ask("--published", sys.executable), "PMF_PUBLISHED_OFFSETS")
print(len(in_use), "fields compared, and the rows")
