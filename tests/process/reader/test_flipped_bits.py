"""A capture in which one bit has flipped, as on a failing disk: whatever the bit, it is not judged."""
import json
import os
import random

import pytest

import cases

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
SEED = 17
FLIPS, IN_A_RUN = 4000, 200
PROGRAM = '''
import ctypes, threading
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def leak():
    return [libc.malloc(100) for _ in range(50)]
def work():
    return sum(len(bytes(700 + size)) for size in range(300))
thread = threading.Thread(target=work)
thread.start()
kept = leak(), work()
thread.join()
'''
LIMIT = '--max-leak=1GiB'
IN_HEAD = 16  # bytes: a flip in them makes it another kind of file, or a capture of another version
UNCHECKED = 'had no checksum yet: damage there would not be noticed'


class TestFlippedBits(cases.Case):
    @pytest.fixture(autouse=True)
    def capture(self, fixtures):
        self.random = random.Random(SEED)
        self.kept = self.path('kept')

    def record(self, ending=''):
        self.trace.code(PROGRAM + ending, output=None, PYMEMFLOW_CAPTURE=self.kept)
        return self.bytes_of(self.kept)

    @staticmethod
    def bytes_of(path):
        with open(path, 'rb') as file:
            return file.read()

    def flip(self, data, name, first=0):
        """Writes a copy with one random bit changed from byte `first` on; returns its path and the byte."""
        bit = self.random.randrange(8 * first, 8 * len(data))
        with open(self.path(name), 'wb') as file:
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            file.write(changed)
        return self.path(name), bit // 8

    def gate(self, *words):
        return self.cli('gate', LIMIT, *words)

    def test_no_bit_ends_in_a_verdict(self):
        data = self.record()
        assert self.gate(self.kept).status == 0
        for _ in range(FLIPS // IN_A_RUN):
            flipped = dict(self.flip(data, 'f%d' % number, IN_HEAD) for number in range(IN_A_RUN))
            assert self.gate('--json', self.path('json'), *flipped).status == 2
            with open(self.path('json'), encoding='utf-8') as file:
                processes = json.load(file)['processes']
            assert len(processes) == IN_A_RUN
            for (path, byte), process in zip(flipped.items(), processes):
                assert process['verdict'] == 'cannot judge', (path, byte)
                assert process['damaged_places'] > 0, (path, byte)

    def test_every_bit_of_the_head(self):
        data = self.record()
        for bit in range(8 * 136):
            with open(self.path('f'), 'wb') as file:
                changed = bytearray(data)
                changed[bit // 8] ^= 1 << bit % 8
                file.write(changed)
            assert self.gate(self.path('f')).status == 2, bit

    def test_other_commands(self):
        data = self.record()
        assert self.cli('diff', self.kept, self.kept).status == 0
        for _ in range(50):
            path, byte = self.flip(data, 'f', IN_HEAD)
            done = self.cli('diff', self.kept, path)
            assert done.status == 2 and 'not compared, because the record is damaged in 1 place' in done.stderr, byte
            assert done.stdout == ''
            assert 'damaged in ' in self.cli('report', path).stdout.splitlines()[-1], byte
            assert 'damaged         in ' in self.cli('info', path).stdout, byte

    def test_compressed(self):
        self.record()
        assert self.cli('compress', self.kept).status == 0
        data = self.bytes_of(self.kept + '.pmz')
        frames = data.split(b'\x28\xb5\x2f\xfd')[1:]
        assert frames and all(frame[0] & 4 for frame in frames), 'zstd\'s own checksum'
        for _ in range(300):
            path, byte = self.flip(data, 'f.pmz')
            done = self.gate(path)
            assert done.status == 2, byte
            assert 'damaged in ' in done.stderr or byte < 32, byte

    def test_killed(self):
        """Blocks that were being written have no checksum: that is said, so no change goes unsaid."""
        self.record('import os; os.kill(os.getpid(), 9)')
        windows = self.kept + '.windows'
        files = {path: self.bytes_of(path) for path in (self.kept, windows)}
        done = self.gate(self.kept)
        assert done.status == 0 and UNCHECKED in done.stderr
        assert UNCHECKED in self.cli('report', self.kept).stdout
        assert 'unchecked       ' in self.cli('info', self.kept).stdout
        for _ in range(200):
            for path, data in files.items():
                _, byte = self.flip(data, os.path.basename(path))
                done = self.gate(self.kept)
                assert done.status == 2 or UNCHECKED in done.stderr, (path, byte)
                with open(path, 'wb') as file:
                    file.write(data)
