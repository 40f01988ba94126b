"""Reads the stacks of a capture as docs/internals/capture-format.md describes them, apart from the reader
that is tested: blocks, definitions, and the calls with their frames."""
import os
import re
import struct
from collections import namedtuple

import built

MAGIC = 0x4b434f4c424d5950
HEAD = struct.Struct('<Q4s4sIIIIIIQQQQQQ')
ENDS = ('bottom', 'cut', 'unread', 'no rule', 'site only')
FIRST_STACK = 16

# frames: (file, function, instruction) from the top down; of a caller in C ('', path of its file, address).
# end: as ENDS. function: its name. arguments: without those that are not recorded.
Call = namedtuple('Call', 'function arguments result frames end thread')


def _table(name, row):
    with open('%s/capture/%s' % (built.ROOT, name), encoding='utf-8') as file:
        return re.findall(row, file.read(), re.MULTILINE)


KINDS = {int(number): name for name, number in _table('records.def', r'^PMF_RECORD\((\w+), (\d+),')}
FUNCTIONS = [(name, len(letters), effect) for name, letters, effect in
             _table('functions.def', r'^PMF_FUNCTION\((\w+), "(\w*)", (\w+),')]


def place_of(index, size):
    """The place of a Malloc in the table of its block (capture/last_sizes.h)."""
    pair = (size << 17 | size >> 47) & 2 ** 64 - 1 ^ index
    return (pair * 0x9e3779b97f4a7c15 & 2 ** 64 - 1) >> 55


class Capture:
    """calls: those of each writer, in the order of recording, writer after writer."""

    def __init__(self, path):
        self.texts, self.codes, self.sites, self.nodes = {}, {}, {}, {}
        self.modules = []
        self.calls = []
        self._stacks = {}
        blocks = []
        # Mapped blocks lie in a second file as long as the program runs, and after a kill.
        for name in filter(os.path.exists, (path, path + '.windows')):
            with open(name, 'rb') as file:
                blocks += self._blocks(file.read())
        for kind, _, _, words in blocks:
            if kind == b'defs':
                self._define(words)
        self._sums = [words for kind, _, _, words in blocks if kind == b'sums']
        thread = {}
        for kind, writer, _, words in sorted(blocks, key=lambda block: block[1:3]):
            if kind == b'evnt':
                self._read(words, writer, thread)

    def sums(self):
        """[(frames, end, function, count)] of a capture of sums: those of full windows, and the calls of the
        last ones. A cell has two slots, of which the newer one counts."""
        found = [(call.frames, call.end, call.function, 1) for call in self.calls]
        for words in self._sums:
            for i in range(0, len(words) - 7, 8):
                key, slots = words[i], [words[i + 2:i + 5], words[i + 5:i + 8]]
                function = (key >> 8 & 0xffffff) - 1
                if key != 0:
                    found.append((*self.stack(key >> 32), FUNCTIONS[function][0], max(slots)[1]))
        return found

    @staticmethod
    def _blocks(data):
        offset = 4096
        while offset + HEAD.size <= len(data):
            fields = HEAD.unpack_from(data, offset)
            magic, state, kind, extent, used, _, writer, _, _, number = fields[:10]
            if magic != MAGIC:
                offset += 4096
                continue
            if state in (b'open', b'seal', b'clos'):
                count = (extent - HEAD.size if state == b'open' else used) // 8
                yield kind, writer, number, struct.unpack_from('<%dQ' % count, data, offset + HEAD.size)
            offset += (extent + 4095) // 4096 * 4096

    @staticmethod
    def _extended(word):
        return KINDS[word >> 3 & 31], word >> 8 & 0xffffff, word >> 32

    def _define(self, words):
        i = 0
        while i < len(words) and words[i] != 0:
            kind, size, number = self._extended(words[i])
            if kind == 'Text':
                piece = struct.pack('<%dQ' % (size - 2), *words[i + 2:i + size])[:words[i + 1] & 0xffffffff]
                self.texts[number] = self.texts.get(number, b'') + piece
            elif kind == 'Code':
                self.codes[number] = (words[i + 1] & 0xffffffff, words[i + 1] >> 32)
            elif kind == 'Site':
                instruction = words[i + 1] >> 32
                self.sites[number] = (words[i + 1] & 0xffffffff, instruction - (instruction >> 31 << 32))
            elif kind == 'Caller':
                self.sites[number] = (None, words[i + 1], words[i + 2] & 0xffffffff)
            elif kind == 'Module':
                self.modules.append((number, words[i + 1], words[i + 2]))
            elif kind == 'Stack':
                self.nodes[number] = (words[i + 1] & 0xffffffff, words[i + 1] >> 32)
            i += size

    def code_of(self, file):
        """[(start, end)] of the executable mappings of a file."""
        return [(start, end) for text, start, end in self.modules if os.fsdecode(self.texts[text]) == file]

    def frame(self, site):
        code, instruction, *module = self.sites[site]
        if code is None:
            return ('', os.fsdecode(self.texts.get(module[0], b'')), instruction)
        file, name = (self.texts[number].decode('utf-8', 'surrogatepass') for number in self.codes[code])
        return (file, name, instruction)

    def stack(self, node):
        """(frames, end) of a node."""
        if node < FIRST_STACK:
            return (), ENDS[node]
        if node not in self._stacks:
            path, below = [], node
            while below >= FIRST_STACK:
                below, site = self.nodes[below]
                path.append(self.frame(site))
            self._stacks[node] = tuple(path), ENDS[below]
        return self._stacks[node]

    def _read(self, words, writer, thread):
        i, table, pairs = 0, [((), '')], {}
        while i < len(words) and words[i] != 0:
            head, kind = words[i], words[i] & 7
            size = 1
            function, arguments, result = None, (), head >> 3 << 4 & (1 << 48) - 1
            index = head >> 47
            if kind == 1:
                function, arguments, size = 'malloc', (words[i + 1],), 2
                pairs[place_of(index, words[i + 1])] = index, words[i + 1]
            elif kind == 6:
                index, size_bytes = pairs[index]
                function, arguments = 'malloc', (size_bytes,)
            elif kind == 2:
                function, arguments, result = 'free', (result,), 0
            elif kind == 3:
                function, arguments, size = 'calloc', (words[i + 1] & 0xffffffff, words[i + 1] >> 32), 2
            elif kind == 4:
                function, count, effect = FUNCTIONS[head >> 3 & 255]
                index = head >> 32
                arguments = words[i + 1:i + 1 + count]
                size = 1 + count + (effect != 'Release')
                result = words[i + 1 + count] if effect != 'Release' else 0
            elif kind == 7:
                name, size, number = self._extended(head)
                if name == 'UsedStack':
                    table.append(self.stack(number))
                elif name == 'UsedSite':
                    table.append(((self.frame(number),), 'site only'))
                elif name == 'Thread':
                    thread[writer] = number
            if function is not None:
                self.calls.append(Call(function, arguments, result, *table[index], thread=thread.get(writer)))
            i += size
