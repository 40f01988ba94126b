"""Calls that the D script prints differently from pymemflow: names, functions, failures."""
import sys

import cMemLeak

M, F, C, R = cMemLeak.malloc, cMemLeak.free, cMemLeak.calloc, cMemLeak.realloc


def run(source, file, **names):
    exec(compile(source, file, 'exec'), dict(names, M=M, F=F, C=C, R=R))


run('M(3000)', 'two\nlines.py')
run('M(3001)', '/folder/' + 'e' * 300 + '.py')
run('M(3002)', '/folder/xx' + '\u00e9' * 300 + '.py')
run('M(3003)', '')
run('def %s():\n  M(3004)\n%s()' % ('f' * 300, 'f' * 300), 'name.py')
run('a = R(0, 3100)\n'
    'b = R(a, 3101)\n'
    'F(b)\n'
    'F(0)\n'
    'M(-1)\n'
    'C(3, 1030)\n'
    'M(1 << 46)\n', 'calls.py')
