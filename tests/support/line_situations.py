# -*- coding: utf-8 -*-
"""Many ways to run a line of Python. tests/process/recording/test_lines.py runs this file twice: first M,
F, R, C and Block note the line that called them, by sys._getframe(); then they are malloc(), free(),
realloc(), calloc() and an object with a buffer. They are built-ins here. Each event has a size of its own.

Python 3.6 has to understand this file; what later versions added is in line_child.py, as text.
"""
# ---------------------------------------------------------------- plain, and over several lines
F(M(1000001))
kept = M(
    1000002
)
F(kept)
pair = (M(1000003),
        M(1000004))
for address in pair:
    F(address)
F(
    M(
        1000005
    )
)
table = {
    'one': M(1000006),
    'two': [
        M(1000007),
        len('x'), M(1000008)
    ],
}
F(table['one']), F(table['two'][0]), \
    F(table['two'][2])
block = C(3, 400001)
block = R(block,
          1200001)
block = R(0, 1000010) if block else \
    None
text = 'x{}y'.format(
    M(1000011))
text = f"""{M(1000012)}
    {M(1000013)} {'no' if
M(1000014) else M(1000015)}
"""
assert M(1000016), \
    M(1000017)
if (M(1000018) and
        M(1000019) and not
        M(1000020)):
    M(1000021)
elif M(1000022):
    M(1000023)
else:
    M(1000024)
number = 0
while M(1000025) and number < 3:
    number += 1
    if number == 2:
        continue
    M(1000026)
else:
    M(1000027)
for number in range(M(1000028) and 2):
    M(1000029)
one = M(1000030); two = M(1000031)


class Methods:
    call = staticmethod(M)

    def chained(self, size):
        M(size)
        return self


(Methods()
 .chained(1000032)
 .chained(1000033)
 .call(1000034))


# -------------------------------------------------------------------------------- functions
def plain(size, default=M(1000040), *, other=M(1000041)):
    """Lines of a docstring

    are lines too.
    """
    first = M(size)

    return M(size +
             1)


plain(1000042)
plain(
    1000044,
    other=M(1000046))
plain(*[M(1000047) and 1000043],
      **{'other': M(1000049)})
short = lambda size: M(size)
long = lambda size: (
    M(size),
    M(size + 1))
short(1000050), long(1000051)


def outer():
    free_variable = M(1000053)

    def inner(size):
        def innermost():
            return size, free_variable, M(1000054)
        M(1000055)
        return innermost()
    return inner(M(1000056))


outer()


def decorate(size):
    M(size)

    def decorator(function):
        M(size + 1)

        def wrapper(*arguments):
            M(size + 2)
            return function(*arguments)
        return wrapper
    return decorator


def size_for(function):
    return 1000060


@decorate(1000061)
@decorate(
    M(1000064) and 1000065)
def decorated():
    M(1000068)


decorated()


# The decorator itself is the C function: which line is its call?
@M
@size_for
def replaced():
    pass


def recursive(depth):
    if depth == 0:
        return M(1000070)
    result = recursive(depth - 1)
    if depth % 100 == 0:
        M(1000070 + depth)
    return result


recursive(700)


# ------------------------------------------------------------- comprehensions and generators
[F(M(1001000 + i)) for i in range(3)]
[F(M(1001010 + i + k))
 for i in range(M(1001020) and 2)
 for k in [
     0, 2]
 if M(1001030 + i + k)]
{M(1001040 + i) for i in range(2)}
{M(1001050 + i):
    M(1001060 + i) for i in range(2)}
list(M(1001070 + i)
     for i in range(2))
sum(
    len([M(1001080 + i + k)
         for k in range(2)]) for i in range(2))


def comprehensions():
    local = 5
    result = [[M(1001090 + i + k + local)
               for k in range(2)]
              for i in range(2)]
    return result, any(M(1001100) == local for i in range(2))


comprehensions()


def generator(size):
    received = yield M(size)
    M(size + 1)
    try:
        yield (
            M(size + 2))
    finally:
        M(size + 3)


def delegating():
    yield from generator(1001110)
    M(1001114)


running = generator(1001120)
next(running)
running.send(
    M(1001124))
running.close()
for result in delegating():
    M(1001115)
try:
    running = generator(1001130)
    next(running)
    running.throw(ValueError)
except ValueError:
    M(1001134)


# ---------------------------------------------------------------------------------- classes
class Body(metaclass=type):
    M(1002000)
    attribute = M(
        1002001)

    def __init__(self, size):
        self.size = M(size)

    @property
    def value(self):
        return M(1002002)

    @value.setter
    def value(self, size):
        M(size)

    @classmethod
    def of_class(cls):
        M(1002003)

    @staticmethod
    def of_nobody():
        M(1002004)

    def __getattr__(self, name):
        return M(1002005)

    def __eq__(self, other):
        return M(1002006) == other

    def __enter__(self):
        return M(1002007)

    def __exit__(self, *exception):
        M(1002008)
        return True

    def __del__(self):
        M(1002009)

    class Inner:
        M(1002010)


body = Body(1002011)
body.value
body.value = 1002012
body.of_class(), body.of_nobody()
body.missing
body == [
    body]
with body as entered, \
        Body(1002013) as second:
    M(1002014)
    raise ValueError(M(1002015))
del body
second = None


# ------------------------------------------------------------------------------- exceptions
def failing(size):
    try:
        M(size)
        raise KeyError(
            M(size + 1))
    except (KeyError if M(size + 2) else
            ValueError) as error:
        M(size + 3)
        try:
            int('no')
        except ValueError:
            M(size + 4)
        else:
            M(size + 5)
        finally:
            M(size + 6)
        return M(size + 7)
    finally:
        M(size + 8)


failing(1003000)


def leaving():
    held = Block(1003020)
    M(1003021)
    [][M(1003022)]


try:
    leaving()
except IndexError:
    M(1003023)
M(1003024)
