"""The versions of CPython that the library knows, from pyframe/layouts/versions.def. Runs under Python 3.6."""
import os
import re

_TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'pyframe', 'layouts', 'versions.def')
# The third of the three parts of a row, each in parentheses, is empty where there are no probes.
_ROW = re.compile(r'^PMF_PYTHON\((\d+), (\d+),\s*\([^)]*\),\s*\([^)]*\),\s*\(([^)]*)\)\)$', re.MULTILINE)

with open(_TABLE) as _file:
    _ROWS = _ROW.findall(_file.read())

KNOWN = [(int(major), int(minor)) for major, minor, _ in _ROWS]
LAST_KNOWN = KNOWN[-1]  # the last version whose frames the library reads
LAST_PROBED = max((int(major), int(minor)) for major, minor, trace in _ROWS if trace)
# The builds to test: a debug build of one version, and free-threaded ones, which begin with 3.13.
WANTED = ['%d.%d%s' % (version + (build,)) for version in KNOWN for build in ('', 'd', 't')
          if build == '' or (build == 'd' and version == (3, 11)) or (build == 't' and version >= (3, 13))]
