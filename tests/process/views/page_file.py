"""Reads the data of a page of --format html, without a browser, and sums it up by ranges."""
import base64
import html.parser
import json
import re
import zlib

MOST_BYTES = 400000
PACKED = re.compile(r'<script type="text/plain" id="data" data-packed="(\w+)">([A-Za-z0-9+/=]*)</script>\n')

# Whether blocks of these slices count in [start, end): those that the page offers.
MEASURES = {
    'retained': lambda born, died, start, end, last: start <= born < end <= died,
    'live': lambda born, died, start, end, last: born < end <= died,
    'allocated': lambda born, died, start, end, last: start <= born < end,
    'freed': lambda born, died, start, end, last: born < start <= died < end,
    'leaked': lambda born, died, start, end, last: start <= born < end and died == last,
}


class Page:
    def __init__(self, path):
        with open(path, 'rb') as file:
            whole = file.read()
        assert len(whole) <= MOST_BYTES
        self.text = whole.decode()
        packed, = PACKED.findall(self.text)
        self.is_packed = packed[0] == 'deflate'
        data = base64.b64decode(packed[1], validate=True)
        self.raw = json.loads(zlib.decompress(data) if self.is_packed else data)
        nodes = self.raw['nodes']
        self.parent = [node - up for node, up in enumerate(nodes['up'])]
        self.name = nodes['name']
        assert all(parent < node for node, parent in enumerate(self.parent) if node)
        self.slices = len(self.raw['slices']['calls'])
        self.lives = self.read_lives()

    def read_lives(self):
        """[(node, thread, born, died, blocks, bytes)]"""
        series, lives = self.raw['series'], self.raw['lives']
        nodes, node = [], 0
        for step, thread, count in zip(series['step'], series['thread'], series['count']):
            node += step
            nodes += [(node, thread)] * count
        assert len(nodes) == len(lives['born']) == len(lives['bytes'])
        return [(node, thread, born - 1, died, blocks, size) for (node, thread), born, died, blocks, size
                in zip(nodes, lives['born'], lives['died'], lives['blocks'], lives['bytes'])]

    def sums(self, metric, start=0, end=None):
        """{node: (bytes, blocks)}"""
        end = self.slices if end is None else end
        found = {}
        for node, _, born, died, blocks, size in self.lives:
            if MEASURES[metric](born, died, start, end, self.slices):
                before = found.get(node, (0, 0))
                found[node] = before[0] + size, before[1] + blocks
        return found

    def sum(self, metric, start=0, end=None):
        sums = self.sums(metric, start, end).values()
        return {'bytes': sum(size for size, _ in sums), 'blocks': sum(blocks for _, blocks in sums)}

    def frame(self, node):
        """(function, file, line, kind)"""
        text, file, line, kind, _ = self.raw['names'][self.name[node]]
        return self.raw['strings'][text], self.raw['strings'][file], line, kind

    def stack(self, node):
        """The functions from the innermost on."""
        functions = []
        while node != 0:
            functions.append(self.frame(node)[0])
            node = self.parent[node]
        return functions

    def time(self, number):
        """The beginning of a slice, as --from and --to take it."""
        slices = self.raw['slices']
        ns = slices['start_ns'] + number * slices['width_ns']
        return '%d.%09ds' % divmod(ns, 10 ** 9)


class Elements(html.parser.HTMLParser):
    """The tags of a page, and what its attributes refer to."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ('src', 'href', 'srcset', 'action', 'data')]
