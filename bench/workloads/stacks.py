"""A workload at a depth of the Python stack: stacks.py NAME DEPTH TURNS prints the nanoseconds of processor
time of the workload alone. For bench/stacks."""
import json
import random
import sys
import time

sys.setrecursionlimit(5000)
DOCUMENT = json.dumps([{'number': i, 'name': 'user%d' % i, 'tags': ['a', 'b'], 'score': i * 1.5} for i in range(60)])
rng = random.Random(1)


def calls(turns):
    """The same line again and again."""
    for _ in range(turns):
        bytes(1000)


def documents(turns):
    """JSON, back and forth."""
    for _ in range(turns):
        json.dumps(json.loads(DOCUMENT))


def branch(height):
    return [branch(height - 1), branch(height - 1)] if height else []


def tree(turns):
    """A new stack at nearly every call."""
    for _ in range(turns):
        branch(10)


class Request:
    def __init__(self, path):
        self.path = path
        self.headers = {'x': path}


class Middleware:
    def __init__(self, below, name):
        self.below = below
        self.name = name

    def __call__(self, request):
        request.headers[self.name] = '%s-%s' % (self.name, request.path)
        response = self.below(request)
        response['X-' + self.name] = [self.name, request.path.upper()]
        return response


def wrapped(function):
    def call(*arguments, **names):
        return function(*arguments, **names)
    return call


@wrapped
def view(request):
    rows = [{'number': i, 'text': 'row %d' % i} for i in range(20)]
    return {'body': ''.join('<li>%s</li>' % row['text'] for row in rows)}


def web(turns):
    """Twelve middlewares around a view, as a web framework has them."""
    handle = view
    for number in range(12):
        handle = wrapped(Middleware(handle, 'm%d' % number))
    for number in range(turns):
        handle(Request('/p/%d' % number))


def step(left, depth):
    while left[0] > 0:
        left[0] -= 1
        block = bytes(600)
        if rng.random() < 0.5 and depth < 200:
            step(left, depth + 1)
        elif depth > 0:
            return block
    return None


def walk(turns):
    """Up and down between depths 0 and 200, with a call at each step."""
    step([turns], 0)


def churn(turns):
    """Containers of all kinds that live for one turn."""
    for _ in range(turns):
        names = {}
        for number in range(50):
            names[number] = [number, (number, number + 1000)]
        [object() for _ in range(100)]
        {str(number) for number in range(50)}


def fib(turns):
    """Calls of Python functions, and no allocations."""
    def compute(n):
        return n if n < 2 else compute(n - 1) + compute(n - 2)
    for _ in range(turns):
        compute(15)


def at(depth, workload, turns):
    if depth > 0:
        return at(depth - 1, workload, turns)
    begin = time.process_time_ns()
    workload(turns)
    return time.process_time_ns() - begin


chosen, wanted = globals()[sys.argv[1]], int(sys.argv[3])
at(0, chosen, max(1, wanted // 20))
print(at(int(sys.argv[2]) - 2, chosen, wanted))
