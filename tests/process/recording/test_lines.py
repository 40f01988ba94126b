"""Every event is printed under the file, line and function that the interpreter itself reports for
that call, in the order in which it happened: tests/support/line_child.py makes the calls."""
import json
import os
import shutil
import zipfile

import pytest

import built
import cases

pytestmark = pytest.mark.stable_abi
SUPPORT = os.path.join(built.ROOT, 'tests', 'support')
# Sizes that nothing but the child asks for.
MARKED = range(1000000, 2000000)
IN_ZIP = 'M(1400000)\n\ndef zipped():\n    F(\n        M(1400001))\n\nzipped()\n'


def escaped(name):
    """Escapes a name, so that it is one line without control characters."""
    text = ''
    for character in name:
        if character == '\n':
            text += '\\n'
        elif ord(character) < 32 or ord(character) == 127:
            text += '\\x%02x' % ord(character)
        elif 128 <= ord(character) < 160:
            text += ''.join('\\x%02x' % byte for byte in character.encode())
        else:
            text += character
    return text.encode('utf-8', 'surrogatepass').decode('utf-8', 'surrogateescape')


def cut(name):
    """A name as reports have it: its first 4 KiB, and its length."""
    whole = name.encode('utf-8', 'surrogatepass')
    if len(whole) <= 4096:
        return name
    return '%s...[%d bytes]' % (whole[:4096].decode('utf-8', 'ignore'), len(whole))


def cut_path(path):
    if len(path.encode('utf-8', 'surrogatepass')) <= 4096 or '/' not in path:
        return cut(path)
    folder, _, last = path.rpartition('/')
    return cut(folder) + '/' + cut(last)


def base_name(path):
    if path == '':
        return '.'
    return path.rstrip('/').rpartition('/')[2] or '/'


def marked(events):
    """[(file, line, function, call, size)] of the events with a size or a block of ours."""
    blocks = {}
    result = []
    for event in events:
        size = event.arguments[-1]
        if event.name == 'calloc':
            size *= event.arguments[0]
        elif event.name == 'free':
            size = blocks.pop(event.arguments[0], 0)
        elif event.name == 'realloc':
            blocks.pop(event.arguments[0], None)
        if size not in MARKED:
            continue
        if event.name != 'free':
            blocks[event.result] = size
        result.append((event.file, event.line, event.function, event.name, size))
    return result


class TestLines(cases.Case):
    @pytest.fixture(autouse=True)
    def modules(self, fixtures):
        for name in ('line_child', 'line_situations', 'line_situations_late'):
            shutil.copy(os.path.join(SUPPORT, name + '.py'), self.folder)
        shutil.copy(os.path.join(SUPPORT, 'line_situations.py'),
                    os.path.join(self.folder, '\u00fcbersch\u00fcsse.py'))
        with zipfile.ZipFile(os.path.join(self.folder, 'modules.zip'), 'w') as archive:
            archive.writestr('in_zip.py', IN_ZIP)

    def compare(self, shown_file, **options):
        # PYTHONUTF8 whatever the locale: a file name beyond ASCII has to be found.
        run = self.trace(os.path.join(self.folder, 'line_child.py'), self.folder, PYTHONUTF8='1',
                         LC_ALL='C.UTF-8', PYTHONDONTWRITEBYTECODE=None,
                         PMF_EXAMPLES=self.build.examples, **options)
        assert (run.status, run.stdout, run.stderr) == (0, '', '')
        with open(self.path('expected.json'), encoding='utf-8') as file:
            expected = [(escaped(shown_file(cut_path(path))), line, escaped(cut(function)), call, size)
                        for path, line, function, call, size in json.load(file)]
        report = run.report
        found = marked(report.events)
        assert len(expected) > 8000
        wrong = ['\n  Python says %r\n  printed is  %r' % pair for pair in zip(expected, found)
                 if pair[0] != pair[1]]
        # Not an assertion on the list: it would be printed.
        if wrong:
            pytest.fail('%d of %d are wrong, the first:%s'
                        % (len(wrong), len(expected), ''.join(entry[:600] for entry in wrong[:8])))
        assert len(found) == len(expected)
        report.check_sums()
        assert report.lost == 0
        # The test's own footing: each kind of event, and each kind of code, is there.
        assert {entry[3] for entry in found} == {'malloc', 'calloc', 'realloc', 'free'}
        return {entry[0] for entry in found}

    def test_base_names(self):
        files = self.compare(base_name)
        assert {'\u00fcbersch\u00fcsse.py', '<frozen importlib._bootstrap>',
                'in_zip.py', 'two\\nlines.py', '.', '/', 'b'} <= files

    def test_whole_paths(self):
        files = self.compare(str, PYMEMFLOW_FULL_FILE_PATH='1')
        assert os.path.join(self.folder, 'modules.zip', 'in_zip.py') in files
