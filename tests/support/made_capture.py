"""Captures with call stacks that a test makes by hand, as docs/internals/capture-format.md has them."""
import struct

MASK = 2 ** 64 - 1
PAGE = 4096
DEFINITIONS, EVENTS = b'defs', b'evnt'


def words(*numbers):
    return b''.join(struct.pack('<Q', number & MASK) for number in numbers)


def checksum(data):
    numbers = struct.unpack('<%dQ' % (len(data) // 8), data)
    lanes = [1, 2, 3, 4]
    whole = len(numbers) // 4 * 4
    for i, number in enumerate(numbers):
        lane = i % 4 if i < whole else 0
        lanes[lane] = (lanes[lane] ^ number) * 0x9e3779b97f4a7c15 & MASK
    total = len(numbers)
    for lane in lanes:
        total = (total ^ lane ^ lane >> 29) * 0x9e3779b97f4a7c15 & MASK
    return total


def extended(kind, number, payload=b''):
    return words(7 | kind << 3 | (1 + len(payload) // 8) << 8 | number << 32) + payload


def text(number, content):
    padded = content.encode() + bytes(-len(content.encode()) % 8)
    return extended(1, number, words(len(content.encode()) | 1 << 63) + padded)


def site(number, file, line, function):
    """A site on the first line of a function of its own."""
    first = 3 * number
    return (text(first, file) + text(first + 1, function) + text(first + 2, '') +
            extended(2, number, words(first | (first + 1) << 32, first + 2 | line << 32, 0)) +
            extended(3, number, words(number)))


def stack(number, parent, at):
    return extended(13, number, words(parent | at << 32))


def used_stack(number):
    return extended(14, number)


def malloc(address, index, size):
    return words(1 | address >> 4 << 3 | index << 47, size)


def mark(name):
    padded = name.encode() + bytes(-len(name.encode()) % 8)
    return extended(11, len(name.encode()), words(1000) + padded)


def block(kind, number, records):
    extent = 32768 if kind == DEFINITIONS else 65536
    head = struct.pack('<8s4s4sIIIIIIQQQQQQ', b'PYMBLOCK', bytes(4), kind, extent, len(records), 4711, 1, 7, 0,
                       number, number, 0, 0, 0, checksum(records))
    head = head[:8] + b'clos' + head[12:80] + words(checksum(head))
    return (head + records).ljust(extent, b'\0')


def capture(definitions, events, has_stacks=True):
    """The bytes of a finished capture with one block of each kind."""
    head = struct.pack('<8sII4Q4sI4sI', b'PYMFLOW1', 4, 4711, 0, 0, 0, 0, b'full', 0,
                       b'stck' if has_stacks else b'site', 1024 if has_stacks else 0)
    blocks = block(DEFINITIONS, 1, definitions) + block(EVENTS, 1, events)
    end = struct.pack('<Qi4s5Q', 0, 0, b'exit', 0, PAGE + len(blocks), 2, 0, 1)
    head += words(checksum(head)) + end + words(checksum(end))
    return head.ljust(PAGE, b'\0') + blocks
