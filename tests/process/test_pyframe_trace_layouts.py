"""The row of pyframe/tracing/trace_layout.cpp is the one that this Python's headers give."""
import os
import re
import subprocess
import sys
import sysconfig

LAST_WITH_ROW = (3, 13)
if sys.version_info[:2] > LAST_WITH_ROW or sysconfig.get_config_var('Py_GIL_DISABLED'):
    print('skipped: this Python cannot be probed')
    sys.exit(77)
row = subprocess.Popen([os.environ['PMF_PRINT_LAYOUTS'], '--trace', sys.executable],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
printed, errors = row.communicate()
if row.returncode == 3 and 'Python.h' in errors:
    print('skipped: this Python has no headers')
    sys.exit(77)
if row.returncode != 0:
    sys.exit(errors)


def squeeze(text):
    return re.sub(r'\s+', '', text).rstrip(',')


with open(os.environ['PMF_TRACE_LAYOUTS']) as table:
    # What no header says, and comes last in a row.
    text = re.sub(r',\s*\.(call|loop)_opcodes = \{.*?\}', '', table.read())
    if squeeze(printed) not in squeeze(text):
        sys.exit('not in %s:\n%s' % (os.environ['PMF_TRACE_LAYOUTS'], printed))
