"""Names of functions from the debug symbols that a distribution installs beside its programs, found by build id."""
import bisect
import functools
import os
import re
import subprocess

FOLDER = '/usr/lib/debug/.build-id'


def _readelf(option, path):
    return subprocess.run(['readelf', option, path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          universal_newlines=True, check=False).stdout


@functools.lru_cache(maxsize=None)
def _functions(path):
    """[(start, end, name)] in the order of their starts, and whether the file is loaded where it says."""
    match = re.search(r'Build ID: ([0-9a-f]+)', _readelf('-nW', path))
    file = os.path.join(FOLDER, match.group(1)[:2], match.group(1)[2:] + '.debug') if match else ''
    if not os.path.exists(file):
        return [], False
    rows = (line.split() for line in _readelf('-sW', file).splitlines())
    found = [(int(row[1], 16), int(row[1], 16) + int(row[2], 0), row[7])
             for row in rows if len(row) > 7 and row[3] == 'FUNC' and row[6] != 'UND']
    return sorted(found), 'EXEC' in _readelf('-hW', path)


def name_at(path, start, address):
    """The name of the function at an address of a file that is loaded at `start`; '' if it is not known."""
    if not os.path.exists(path):
        return ''
    functions, is_fixed = _functions(os.path.realpath(path))
    place = address if is_fixed else address - start
    index = bisect.bisect_right(functions, (place, float('inf'), '')) - 1
    return functions[index][2] if index >= 0 and place < functions[index][1] else ''
