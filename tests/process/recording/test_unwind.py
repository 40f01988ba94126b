"""Walks of the C stack equal libunwind's, frame by frame: in Python itself and in extensions.

tests/support/unwind_peer.cpp is preloaded. It compares in calls of malloc() and at the instructions
that follow them. Its outcome is a list of counts, and of the addresses at which a walk ended before
libunwind's did.
"""
import glob
import os
import subprocess

import pytest

pytestmark = pytest.mark.soak('unwind')

STANDARD_LIBRARY = '''
import decimal, hashlib, json, re, sqlite3, xml.etree.ElementTree, zlib
def work(round):
    json.loads(json.dumps({'a': [1, 2.5, 'x', {'b': round}] * 20}, indent=1))
    re.sub('(a+)b', lambda match: match.group(1) * 2, 'aab' * 20)
    sorted(range(200), key=lambda number: [number] * 3)
    xml.etree.ElementTree.fromstring('<a>' + '<b c="d">e</b>' * 20 + '</a>')
    zlib.decompress(zlib.compress(bytes(10000)))
    hashlib.sha256(bytes(5000)).hexdigest()
    str(decimal.Decimal(2).sqrt())
    table = sqlite3.connect(':memory:')
    table.execute('create table t (a)')
    table.executemany('insert into t values (?)', [(number,) for number in range(50)])
    table.execute('select sum(a) from t').fetchall()
    try:
        json.loads('{' * 50)
    except ValueError:
        pass
'''
NUMPY = '''
import numpy
def work(round):
    numbers = numpy.random.rand(60, 60)
    numpy.linalg.svd(numbers @ numbers.T)
    numpy.fft.fft2(numbers)
    numpy.sort(numbers, axis=0)
    str(numbers)
'''
PANDAS = '''
import io, pandas
def work(round):
    frame = pandas.DataFrame({'a': range(200), 'b': list('abcd') * 50})
    frame.groupby('b').a.sum()
    pandas.read_csv(io.StringIO(frame.to_csv())).describe()
'''
LXML = '''
import lxml.etree, lxml.html
def work(round):
    tree = lxml.html.fromstring('<div>' + '<p class="x">text<br>' * 50)
    lxml.etree.tostring(tree, pretty_print=True)
    tree.xpath('//p[@class="x"]/text()')
'''
ORJSON = '''
import orjson
def work(round):
    orjson.loads(orjson.dumps({'a': [1, 2.5, 'x', {'b': round}] * 50}))
    try:
        orjson.loads(b'[1, 2')
    except ValueError:
        pass
'''
REPEAT = '''
import sys
for round in range(int(sys.argv[1])):
    work(round)
'''


class Outcome:
    def __init__(self, path):
        self.early = []
        self.difference = ''
        self.counts = {}
        with open(path, encoding='utf-8') as file:
            for line in file:
                name, value = line.rstrip('\n').split(' ', 1)
                if name == 'early':
                    self.early.append(value)
                elif name == 'difference':
                    self.difference = value
                else:
                    self.counts[name] = int(value)


def compared(python, build, folder, program, rounds, every):
    environment = dict(os.environ, LD_PRELOAD=build.path('unwind_peer'), PYTHONMALLOC='malloc',
                       PMF_UNWIND_PEER=os.path.join(folder, 'outcome'), PMF_UNWIND_EVERY=str(every))
    done = subprocess.run([python.path, '-c', program + REPEAT, str(rounds)], env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    output = done.stdout.decode('utf-8', 'replace')
    assert done.returncode == 0, output
    outcome = Outcome(max(glob.glob(os.path.join(folder, 'outcome.*')), key=os.path.getsize))
    if not outcome.counts['peer']:
        pytest.skip('libunwind.so.8 is missing')
    return outcome


def check(outcome, walks):
    assert outcome.counts['different'] == 0, outcome.difference
    assert outcome.counts['unread'] == 0, outcome.early
    assert outcome.counts['walks'] >= walks
    # The reasons that docs/internals/unwinding.md lists.
    for line in outcome.early:
        assert 'in another register' in line or 'no unwind data' in line, line


def require(python, module):
    done = subprocess.run([python.path, '-c', 'import ' + module], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        pytest.skip('Python %s has no %s' % (python.id, module))


def said(name, outcome):
    return '%s: %d walks, %d frames: %d different; %d ended without a rule' % tuple(
        [name] + [outcome.counts[each] for each in ('walks', 'frames', 'different', 'without_rule')])


def test_of_python_itself(python, build, folder, length):
    outcome = compared(python, build, folder, STANDARD_LIBRARY, length.pick(4, 400), length.pick(40, 50))
    length.say(said(python.id, outcome))
    check(outcome, length.pick(20000, 100000))


@pytest.mark.parametrize('module, program', [('numpy', NUMPY), ('pandas', PANDAS), ('lxml', LXML),
                                             ('orjson', ORJSON)])
def test_of_extensions(python, build, folder, module, program):
    require(python, module)
    check(compared(python, build, folder, program, 5, 100), 1000)


@pytest.mark.slow
@pytest.mark.one_python
@pytest.mark.parametrize('module, program, rounds', [('numpy', NUMPY, 200), ('pandas', PANDAS, 20), ('lxml', LXML, 100),
                                                     ('orjson', ORJSON, 1000)])
def test_of_extensions_from_the_index(python, build, folder, soak_says, monkeypatch, module, program, rounds):
    packages = os.path.join(folder, 'packages')
    done = subprocess.run([python.path, '-m', 'pip', 'install', '--quiet', '--timeout', '10',
                           '--only-binary', ':all:',
                           '--target', packages, module], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    if done.returncode != 0:
        pytest.skip('pip cannot install %s: %s' % (module, done.stdout.decode('utf-8', 'replace')[-200:]))
    monkeypatch.setenv('PYTHONPATH', packages)
    outcome = compared(python, build, folder, program, rounds, 5)
    soak_says(said(module, outcome))
    check(outcome, 50000)
