"""The program that test_lines.py runs under the library. Runs line_situations.py and more: once with
functions that ask the interpreter for their caller's line, once with those of the C library.

    python line_child.py FOLDER

Writes FOLDER/expected.json: [[file, line, function, call, size], ...], in order. The
test has written the modules before.
"""
import builtins
import importlib
import importlib._bootstrap
import json
import os
import sys

FOLDER = sys.argv[1]
sys.path[:0] = [FOLDER, os.path.join(FOLDER, 'modules.zip'), os.environ['PMF_EXAMPLES']]
import cMemLeak  # noqa: E402 (found by the line above)

MODULES = ('line_situations', 'line_situations_late', '\u00fcbersch\u00fcsse', 'in_zip')
GENERATIONS = 2000
EXPECTED = []


# ------------------------------------------------------------------------ what the interpreter says
def note(frame, call, size):
    code = frame.f_code
    EXPECTED.append((code.co_filename, frame.f_lineno, code.co_name, call, size))


def noted_malloc(size):
    note(sys._getframe(1), 'malloc', size)
    return size


def noted_free(block):
    note(sys._getframe(1), 'free', block)


def noted_calloc(count, size):
    note(sys._getframe(1), 'calloc', count * size)
    return count * size


def noted_realloc(block, size):
    note(sys._getframe(1), 'realloc', size)
    return size


class NotedBlock:
    def __init__(self, size):
        self.size = size
        note(sys._getframe(1), 'malloc', size)

    def __del__(self):
        note(sys._getframe(1), 'free', self.size)


NOTED = {'M': noted_malloc, 'F': noted_free, 'R': noted_realloc, 'C': noted_calloc,
         'Block': NotedBlock}
REAL = {'M': cMemLeak.malloc, 'F': cMemLeak.free, 'R': cMemLeak.realloc, 'C': cMemLeak.calloc,
        'Block': cMemLeak.CMalloc}


# -------------------------------------------------------- code that never was in a file of its own
def compiled(source, file, **names):
    exec(compile(source, file, 'exec'), names)


def odd_names():
    source = 'M(1100000)\ndef inside():\n\n    M(1100001)\ninside()\n'
    for file in ('named.py', '<string>', '', '/', 'a/b/', 'two\nlines.py', 'tab\tand\x1b[31mred.py',
                 '\x85next.py', 'colon:12.py', 'per%cent{}.py', 'in blank .py', '\u65e5\u672c/\u8a9e.py',
                 'clef\U0001d11e.py', 'lone\udc80.py', '/folder/' + 'long' * 1024 + '.py',
                 '/' + 'deep/' * 820 + 'down.py'):
        compiled(source, file)
    exec('\n\nM(1100010)')
    eval('M(1100011)')
    eval(compile('(M(1100012),\nM(1100013))', 'evaluated.py', 'eval'))
    for name in ('f' * 60 * 1024, '\u00e9t\u00e9', '\U0001d4bb', 'x'):
        compiled('def %s():\n\n  M(1100020)\n%s()' % (name, name), 'names.py')


def long_function():
    lines = ['def long_function():']
    for number in range(2, 1200):
        lines.append('    M(%d)' % (1110000 + number) if number % 37 == 0 else
                     '    x = %d' % number if number % 3 else '')
    compiled('\n'.join(lines + ['    return (x,' + '\n' * 400, 'M(1112000),', '\n' * 130, ')',
                                'long_function()']), 'long_function.py')


def far_back():
    """Lines that go backwards further than an entry of the line table reaches."""
    for gap in (100, 127, 128, 200, 300, 40000):
        gaps = '\n' * gap
        compiled('M(1120000)\nmax(1,%s2, (M(1120001) or%s 1))(0) if not M(1120002) else [%sM(1120003)]\n'
                 'M(1120004)\nfor i in %s range(2):%s  M(1120005)\n'
                 % (gaps, gaps, gaps, '\\\n' * 90, gaps), 'far.py')


def newer_syntax():
    if sys.version_info >= (3, 8):
        compiled('if (x := M(1130000)) and (\n  y := M(1130001)):\n  M(1130002)\n'
                 'def f(a, /, b=M(1130003)): return M(1130004)\nf(1)', 'newer.py')
    if sys.version_info >= (3, 10):
        compiled('match M(1130010), 2:\n  case [int(), y] if not M(1130011):\n    M(1130012)\n'
                 '  case [\n      x, 2] if M(1130013):\n    M(1130014)\n'
                 'with (open(__import__("os").devnull) as f,\n      M(1130015) and f as g):\n'
                 '  M(1130016)\n', 'newer.py')
    if sys.version_info >= (3, 11):
        compiled('try:\n  raise ExceptionGroup("g", [ValueError(M(1130020))])\n'
                 'except* (ValueError if\n    M(1130021) else KeyError):\n  M(1130022)\n'
                 'except* KeyError:\n  pass\nelse:\n  M(1130023)\nfinally:\n  M(1130024)\n', 'newer.py')
    if sys.version_info >= (3, 12):
        compiled('class Generic[T]:\n  M(1130030)\ndef f[T](x: T = M(1130031)):\n  return f"{\n'
                 'M(1130032)} {f"{M(1130033)}"}"\nf()\ntype Alias = (1,\nM(1130034))\nAlias.__value__\n',
                 'newer.py')


def frozen():
    importlib._bootstrap._call_with_frames_removed(M, 1140000)


def generations():
    """Code objects that die: each says other names, often at the address of the one before."""
    for number in range(GENERATIONS):
        compiled('\n' * (number % 61) + 'def generation%d():\n  F(M(%d))\n\ngeneration%d()\nF(M(%d))'
                 % (number, 1200000 + number, number, 1300000 + number), 'generation%d.py' % number)


def check_generations():
    """The oracle itself, where the answer is known without asking it."""
    mine = [entry for entry in EXPECTED if 1200000 <= entry[4] < 1300000 and entry[3] == 'malloc']
    for number, entry in enumerate(mine):
        assert entry[:3] == ('generation%d.py' % number, number % 61 + 2, 'generation%d' % number), entry
    assert len(mine) == GENERATIONS


def run_all(functions):
    for name, function in functions.items():
        setattr(builtins, name, function)
    for name in MODULES:
        # Forgotten, so that it runs again: the first time from its source, then from the .pyc.
        sys.modules.pop(name, None)
        importlib.import_module(name)
    odd_names()
    long_function()
    far_back()
    newer_syntax()
    frozen()
    generations()


sys.dont_write_bytecode = False
run_all(NOTED)
check_generations()
with open(os.path.join(FOLDER, 'expected.json'), 'w') as file:
    json.dump(EXPECTED, file)
run_all(REAL)
