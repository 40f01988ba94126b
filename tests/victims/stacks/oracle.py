"""The functions of notes_stacks.c for the programs of this folder, and what they noted.

    note()             allocates, and notes the frames that run
    note_released()    the same while the GIL is released
    finish()           writes {number of the call: [(file, function, instruction), ...]} to the file of argv[2]
"""
import ctypes
import itertools
import json
import sys

_library = ctypes.PyDLL(sys.argv[1])
_library.function.restype = ctypes.py_object
_note, note_others, storm, _note_released = [_library.function(index) for index in range(4)]
_numbers = itertools.count(1)
noted = {}


def note(noted=noted, _note=_note, _numbers=_numbers):
    number = next(_numbers)
    noted[number] = _note(number)


def note_released():
    number = next(_numbers)
    noted[number] = _note_released(number)


def finish(path=None):
    with open(path or sys.argv[2], 'w') as file:
        json.dump(noted, file)
