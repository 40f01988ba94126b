"""Compiles, runs and discards the given number of functions one after the other, each from its own
text: the n-th is named f<n>, belongs to the file g<n>, and allocates n + 1 bytes in its line
n % 9 + 2."""
import gc
import sys

import cMemLeak


def run(number):
    name = 'f%d' % number
    text = 'def %s(allocate, free):\n%s    free(allocate(%d))\n' % (
        name, '    pass\n' * (number % 9), number + 1)
    scope = {}
    exec(compile(text, 'g%d' % number, 'exec'), scope)
    scope[name](cMemLeak.malloc, cMemLeak.free)


for generation in range(int(sys.argv[1])):
    run(generation)
    if generation % 100 == 0:
        gc.collect()
