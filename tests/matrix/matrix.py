"""Runs the programs of the matrix under every Python given, and prints one table: rows are the
situations, columns the Pythons. Called by scripts/matrix, and a cell at a time by test_matrix.py.

    matrix.py [--only ROW]... [--python PATH]... [--root FOLDER PATH]... [--packages FOLDER]
           [--emulator QEMU ITS-ROOT]

A cell: "right", "WRONG", or "-" where that Python has no such thing. Exit code 1: a cell is wrong.
"""
import argparse
import collections
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'support'))
import reports  # noqa: E402 (found by the line above)
from versions import WANTED  # noqa: E402

import starts  # noqa: E402

ABSENT = 77
TIMEOUT = 120
# Subinterpreters may not have ctypes: these situations allocate objects instead.
RAW = {'subinterpreter', 'own-gil'}
SLACK = 100  # more than debug allocators add to a size, less than the distance of two sizes

Row = collections.namedtuple('Row', 'name situation start status environment')


def rows():
    situations = (
        'plain generators asyncio-tasks dead-code odd-names replaced-file-name frozen-module '
        'released-gil c-threads gil-state-ensure daemon-threads-at-the-end finalisers-at-the-end '
        'signal-handlers subinterpreter own-gil greenlets gevent-tasks trace-and-profile-functions '
        'monitoring c-profile coverage-tool debugger').split()
    for name in situations:
        yield Row(name, name, starts.script, 0, {'PYTHONMALLOC': 'malloc'} if name in RAW else {})
    for allocator in ('malloc', 'malloc_debug', 'debug', 'pymalloc', 'pymalloc_debug', 'mimalloc'):
        yield Row('PYTHONMALLOC=' + allocator, 'objects', starts.script, 0,
                  {'PYTHONMALLOC': allocator})
    for name, start in (('python -m', starts.as_module), ('python -c', starts.as_text),
                        ('zipapp', starts.zipped), ('wrapper', starts.wrapped),
                        ('venv', starts.environment)):
        yield Row(name, 'plain', start, 0, {})
    for name, start in (('embedded', starts.embedded), ('bundle', starts.bundled)):
        yield Row(name, None, start, 6, {'PYTHONMALLOC': 'malloc'})


def traces(events, expected):
    """The sites of each expected size in the report: {size: {(file, line, function)}}."""
    sizes = sorted(entry[0] for entry in expected)
    known = set(sizes)
    said = collections.defaultdict(set)
    for event in events:
        if event.name.startswith('free'):
            continue
        for size in range(event.arguments[-1], event.arguments[-1] - SLACK, -1):
            if size in known:
                said[size].add((event.file, event.line, event.function))
                break
    return said


def differences(report, expected):
    """The first differences, in a few words."""
    found = traces(report.events, expected)
    wrong = []
    for size, file, line, function in expected:
        said = found.get(size, set())
        if line is None:
            right = not said
        elif line < 0:
            right = said <= {(file, -line, function)}
        else:
            right = said == {(file, line, function)}
        if not right:
            wrong.append('%d: %.60r:%r in %.60r, the report has %.200r'
                         % (size, file, line, function, sorted(said)))
    nowhere = [entry for entry in expected if entry[2] is None]
    in_engine = report.count_in_engine()
    if len(nowhere) > 100 and in_engine < len(nowhere):
        wrong.append('%d events without Python, of %d' % (in_engine, len(nowhere)))
    return wrong


def printed(name):
    """Returns a name as the report writes it: in one line, without control characters."""
    text = ''.join('\\x%02x' % ord(letter) if ord(letter) < 32 or ord(letter) == 127 else letter
                   for letter in name)
    return text.encode('utf-8', 'surrogatepass').decode('utf-8', 'surrogateescape')


def read_expected(path):
    with open(path) as file:
        entries = json.load(file)
    return [[size, file if file is None else printed(file), line,
             function if function is None else printed(function)]
            for size, file, line, function in entries]


def found_reports(place):
    return glob.glob(os.path.join(glob.escape(place.outside), 'report.*'))


def what_is_wrong(path, expected):
    with open(path, 'rb') as file:
        report = reports.Report(file.read())
    return differences(report, expected) + (['%d events lost' % report.lost] if report.lost else [])


def run_cell(row, place, packages, is_free_threaded):
    """Runs a cell. Returns its text, and a list of what is wrong."""
    expected = 'expected.json'
    for path in [os.path.join(place.outside, expected)] + found_reports(place):
        if os.path.exists(path):
            os.unlink(path)
    command = row.start(place, row.situation, place.path(expected))
    if command is None:
        return '-', []
    own = dict(row.environment)
    # A free-threaded build has no other allocator, and has ctypes in every interpreter.
    if is_free_threaded and row.situation in RAW:
        own.pop('PYTHONMALLOC')
    environment = dict(own, LD_PRELOAD=place.path('libpymemflow.so'),
                       PYMEMFLOW_OUTPUT=place.path('report.%p'), PYMEMFLOW_FULL_FILE_PATH='1',
                       PYTHONDONTWRITEBYTECODE='1', PYTHONPATH=':'.join([place.folder] + packages))
    try:
        done = subprocess.run(place.inside(command, **environment), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT,
                              check=False)
    except subprocess.TimeoutExpired:
        return 'WRONG', ['it hangs']
    if done.returncode == ABSENT or b'nknown PYTHONMALLOC' in done.stderr \
            or b'is not supported by the free-threaded' in done.stderr \
            or b'PYTHONMALLOC: unknown allocator' in done.stderr:
        return '-', []
    if done.returncode != row.status:
        return 'WRONG', ['it ended with %d: %s' % (done.returncode, done.stderr[-600:].decode())]
    found = found_reports(place)
    if not found:
        return 'WRONG', ['no report: %s' % done.stderr[-600:].decode()]
    wanted = read_expected(os.path.join(place.outside, expected))
    # Children have reports too. That of the program has the sizes that no other process asks for.
    wrong = min((what_is_wrong(path, wanted) for path in found), key=len)
    return ('WRONG' if wrong else 'right'), wrong


def column_name(place):
    """Returns "3.11", "3.13t" or "3.11d"; None if the Python does not run."""
    answer = place.ask('import sys, sysconfig, ctypes; print("%d.%d" % sys.version_info[:2] + '
                       '"t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED")) + '
                       '"d" * hasattr(sys, "gettotalrefcount"))')
    return answer[0] if answer else None


def make_places(options, folders):
    """Returns {column: Place}."""
    found = []
    wanted = [('/', python) for python in options.python] + options.root
    for root, python in wanted:
        folder = tempfile.mkdtemp(prefix='matrix', dir=os.path.join(root, 'tmp'))
        os.chmod(folder, 0o755)
        folders.append(folder)
        place = starts.Place(python, root, folder, options.emulator)
        name = column_name(place)
        if name is None:
            print('%s %s does not run, or has no ctypes: left out' % (root, python))
            continue
        shutil.copy(os.environ['PMF_LIBRARY'], folder)
        found.append((name, place))
    places = collections.OrderedDict()
    for name, place in sorted(found, key=lambda pair: int(re.match(r'3\.(\d+)', pair[0]).group(1))):
        while name in places:
            name += '*'
        places[name] = place
    return places


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--only', action='append', default=[])
    parser.add_argument('--python', action='append', default=[])
    parser.add_argument('--root', action='append', nargs=2, default=[])
    parser.add_argument('--packages')
    parser.add_argument('--emulator', nargs=2)
    options = parser.parse_args()
    folders = []
    try:
        return run_all(options, folders)
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def run_all(options, folders):
    places = make_places(options, folders)
    for name, place in places.items():
        print('%-7s %s%s' % (name, '' if place.root == '/' else place.root + ' ', place.python))
    missing = [version for version in WANTED if version not in places]
    if missing and not options.only and len(places) > 1:
        print('not there: ' + ' '.join(missing))
    cells, notes = collections.Counter(), []
    print('\n%-28s' % '' + ''.join('%7s' % name for name in places))
    for row in rows():
        if options.only and row.name not in options.only:
            continue
        line = '%-28s' % row.name
        for name, place in places.items():
            packages = [] if options.packages is None or place.root != '/' else [
                os.path.join(os.path.abspath(options.packages), name.rstrip('*'))]
            cell, wrong = run_cell(row, place, packages, 't' in name)
            cells[cell] += 1
            notes += ['%s, %s: %s' % (row.name, name, text) for text in wrong[:5]]
            line += '%7s' % cell
        print(line)
        sys.stdout.flush()
    print('\n%d right, %d wrong, %d not there' % (cells['right'], cells['WRONG'], cells['-']))
    print('\n'.join(notes))
    return 1 if cells['WRONG'] or not cells['right'] else 0


if __name__ == '__main__':
    sys.exit(main())
