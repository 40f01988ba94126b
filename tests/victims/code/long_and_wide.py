"""Functions with long code and large frames, exceptions, generators, method calls: an interpreter
allocates more for these when it traces."""
LINES = ''.join('    v%d = %d + n\n' % (i, i) for i in range(400))
SOURCE = 'def long_and_wide(n):\n%s    return v399\n' % LINES


def make(number):
    names = {}
    exec(compile(SOURCE, 'long%d.py' % number, 'exec'), names)
    return names['long_and_wide']


def generator(count):
    for number in range(count):
        yield number


def fail(kind):
    if kind is int:
        int('x')
    raise kind('x')


def calls(turns):
    for turn in range(turns):
        items = []
        items.append(turn)
        items.extend(generator(3))
        'a-b'.split('-')
        str(turn + 1000).join(['a', 'b'])
        for kind in (KeyError, int):
            try:
                fail(kind)
            except (KeyError, ValueError):
                items.clear()
        bytearray(1000 + turn)


def main():
    for number in range(5):
        function = make(number)
        function(number)
        function(number)
        del function
        calls(10)


main()
