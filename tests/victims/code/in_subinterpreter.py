"""Allocates in a subinterpreter, after a call and on the next line."""
import os
import sys

from _testcapi import run_in_subinterp

SOURCE = '''
import sys
sys.path[:] = %r
import cMemLeak
M = cMemLeak.malloc
class Plain: pass
def callee():
    M(1301)
def inside():
    callee(); M(1302)
    M(1303)
Plain()
inside()
'''
assert run_in_subinterp(SOURCE % (sys.path,)) == 0
