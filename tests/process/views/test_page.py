"""pymemflow report --format html: what the page has in it is what --format json says, in every range of its slices, within its
bound; without a browser. test_page_shown.py opens it in one."""
import base64
import hashlib
import json
import re

import pytest

import cases
import page_file

pytestmark = pytest.mark.known_python

PROGRAM = '''
import threading, time
kept, passing = [], []
def make(size): kept.append(bytes(size))
def pass_by(size): passing.append(bytes(size))
def recurse(depth): make(90000) if depth == 0 else recurse(depth - 1)
def worker(): make(123456)
def main():
    for round in range(30):
        recurse(8)
        pass_by(50000 + round)
        for _ in range(300): bytes(6000)
        time.sleep(0.002)
        if round % 10 == 9: passing.clear()
    thread = threading.Thread(target=worker, name='second'); thread.start(); thread.join()
main()
import os
os._exit(0)
'''


class Case(cases.Case):
    def record(self, program=PROGRAM, **variables):
        done = self.cli('run', '--stack=native', '--capture', self.path('c'), '--output', self.path('o'), '--',
                        self.python.path, self.write('it.py', program), env=dict(self.environment, **variables))
        assert done.status == 0, done.stderr
        return self.path('c')

    def page(self, capture, *words, name='page.html'):
        path = self.path(name)
        done = self.cli('report', '--format=html', '--output', path, *words, capture)
        assert (done.status, done.stderr) == (0, '')
        return page_file.Page(path)

    def json(self, capture, *words):
        return json.loads(self.cli('report', '--format=json', *words, capture).stdout)


class TestNumbers(Case):
    def test_of_the_whole_record(self):
        capture = self.record()
        page, whole = self.page(capture), self.json(capture)
        assert page.is_packed
        assert page.sum('live') == page.sum('retained') == whole['live']
        assert page.sum('allocated') == whole['allocated']
        leaked = [site['leaked'] for site in whole['sites']]
        assert page.sum('leaked') == {unit: sum(each[unit] for each in leaked) for unit in ('bytes', 'blocks')}
        assert page.sum('freed') == {'bytes': 0, 'blocks': 0}
        assert page.raw['peak']['bytes'] == whole['peak']['bytes'] and page.raw['peak']['call'] == whole['peak']['event']
        curve = page.raw['curve']
        assert max(live + most for live, most in zip(curve['live'], curve['most'])) == whole['peak']['bytes']
        assert curve['live'][-1] == whole['live']['bytes'] and max(curve['resident']) == whole['resident']['most_bytes']

    def test_of_ranges(self):
        capture = self.record()
        page = self.page(capture)
        assert page.slices > 40
        for start, end in ((0, 10), (7, page.slices // 2), (page.slices // 3, page.slices), (20, 21)):
            words = ['--from', page.time(start)] + (['--to', page.time(end)] if end < page.slices else [])
            part = self.json(capture, *words)
            assert page.sum('retained', start, end) == part['live']
            assert page.sum('allocated', start, end) == part['allocated']
            assert page.sum('freed', start, end) == part['range']['freed']
            assert page.sum('live', start, end) == part['range']['live_after']
        assert page.sum('freed', page.slices // 2)['bytes'] > 0

    def test_of_each_line(self):
        capture = self.record()
        page = self.page(capture)
        lines = {}
        for node, (size, blocks) in page.sums('allocated').items():
            while node != 0 and page.frame(node)[3] not in (0, 1):
                node = page.parent[node]
            before = lines.get(page.frame(node)[:3], (0, 0))
            lines[page.frame(node)[:3]] = before[0] + size, before[1] + blocks
        for site in self.json(capture)['sites']:
            if 'file' in site:
                size, blocks = lines[site['function'], site['file'], site['line']]
                assert site['allocated'] == {'bytes': size, 'blocks': blocks}

    def test_of_sizes_and_lives(self):
        capture = self.record()
        page, whole = self.page(capture), self.json(capture)
        sizes = {}
        for slice_ in page.raw['slices']['sizes']:
            for width, blocks in zip(slice_[::2], slice_[1::2]):
                sizes[width] = sizes.get(width, 0) + blocks
        assert sum(sizes.values()) == whole['allocated']['blocks']
        assert sizes[13] >= 30 * 300 and sizes[17] >= 31, 'of 6000 and of 90000 bytes'
        released = sum(sum(each[1::2]) for each in page.raw['slices']['ages'])
        assert released == whole['allocated']['blocks'] - whole['live']['blocks']

    def test_of_threads(self):
        page = self.page(self.record())
        ids = [number for number, _ in page.raw['threads']]
        threads = {name: {ids[thread] for node, thread, _, _, _, _ in page.lives if name in page.stack(node)}
                   for name in ('worker', 'recurse')}
        assert threads['recurse'] == {page.raw['process']} and len(threads['worker']) == 1
        assert not threads['recurse'] & threads['worker']

    def test_of_a_part_of_the_record(self):
        capture = self.record()
        for words in (('--from', '20ms', '--to', '60ms'), ('--to', '50ms')):
            page, part = self.page(capture, *words), self.json(capture, *words)
            assert page.sum('retained' if '--from' in words else 'live') == part['live']
            assert page.sum('allocated') == part['allocated']
            if '--from' in words:
                assert page.sum('live') == part['range']['live_after'] != part['live']
        assert page.raw['is_to_the_end'] is False and page.raw['to'].startswith('0.05')

    def test_of_a_selection(self):
        capture = self.record()
        words = '--only', 'make', '--min-size', '80KiB'
        page, part = self.page(capture, *words), self.json(capture, *words)
        assert page.sum('live') == part['selected']['live'] and page.raw['is_selected']
        assert page.sum('allocated') == part['selected']['allocated']
        assert sum(sum(each[1::2]) for each in page.raw['slices']['sizes']) == part['selected']['allocated']['blocks']


class TestFile(Case):
    def test_refers_to_nothing(self):
        page = self.page(self.record())
        elements = page_file.Elements(page.text)
        assert elements.links == [] and elements.tags.count('script') == 2
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page.text).group(1)
        assert policy.startswith("default-src 'none'; ") and 'unsafe' not in policy
        for tag in ('script', 'style'):
            text = re.search('<%s>(.*?)</%s>' % (tag, tag), page.text, re.DOTALL).group(1)
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert "%s-src 'sha256-%s'" % (tag, digest) in policy

    def test_names_cannot_become_markup(self):
        hostile = '</script><script>alert(1)</script>\\"\\\'&lt;<img src=x onerror=alert(2)>'
        program = ('kept = []\nexec(compile("def f(): kept.append(bytes(70000))", %r, "exec"))\nf()\n'
                   'f.__code__ = f.__code__.replace(co_name="<b>" + "n" * 61440)\nf()\nimport os\nos._exit(0)\n' % hostile)
        if self.python.version < (3, 8):
            pytest.skip('code.replace() is of Python 3.8')
        page = self.page(self.record(program))
        assert 'alert(' not in page.text and '<img' not in page.text
        assert any('<img src=x onerror=alert(2)>' in text for text in page.raw['strings'])
        names = [text for text in page.raw['strings'] if text.startswith('<b>nnnn')]
        # The record keeps 4 KiB of a name.
        assert len(names) == 1 and re.fullmatch(r'<b>n{397}\u2026 \(4\d\d\d bytes\)', names[0])

    def test_of_a_tiny_program(self):
        capture = self.record('import os\nos._exit(0)\n')
        page, whole = self.page(capture), self.json(capture)
        assert page.sum('live') == whole['live'] and page.raw['folded']['stacks'] == 0


# Calls of one leaf by 100,000 different stacks.
MANY = '''
kept = []
def leaf(n): kept.append(bytearray(600 + n % 97))
for fan in range(8):
    exec("def d%d(n):\\n%s" % (fan, "".join("    if n %% 60 == %d: return step(n // 60)\\n" % i for i in range(60))))
calls = [d0, d1, d2, d3, d4, d5, d6, d7]
depth = 0
def step(n):
    global depth
    depth += 1
    try: leaf(n) if depth == 4 else calls[depth](n)
    finally: depth -= 1
for n in range(100000): calls[0](n * 7919 % 12960000)
import os
os._exit(0)
'''


class TestBound(Case):
    def test_many_stacks_are_folded(self):
        capture = self.record(MANY, PYMEMFLOW_STACK='python')
        page, whole = self.page(capture), self.json(capture)
        assert page.sum('live') == whole['live'] and page.sum('allocated') == whole['allocated']
        folded = page.raw['folded']
        assert folded['stacks'] > 90000 and folded['shown'] > 100
        assert sum(stacks for _, stacks in page.raw['rests']) == folded['stacks']
        assert all(page.frame(node)[0] == '[rest]' for node, _ in page.raw['rests'])
