"""Allocates below C functions, in the situation that the second argument names. Arguments: notes_native, a file
for its notes, the situation, and libraries that it needs."""
import ctypes
import os
import sys
import threading

library = ctypes.PyDLL(sys.argv[1])
library.begin_notes(os.fsencode(sys.argv[2]))
CALLBACK = ctypes.PYFUNCTYPE(None)


class Numbers:
    def __init__(self):
        self.last = 1000000

    def __call__(self):
        self.last += 1
        return ctypes.c_ulong(self.last)


number = Numbers()


def chains():
    for depth in list(range(50)) * 3:
        library.chain(number(), depth)


def two_functions_of_one_line():
    """The Python frames are the same each time."""
    for function in (library.chain, library.note) * 20:
        function(number(), 1)


def callbacks():
    def inner():
        library.chain(number(), 3)

    def outer():
        library.chain(number(), 1)
        library.call_back(CALLBACK(inner))

    for _ in range(5):
        library.call_back(CALLBACK(outer))
        sorted([3, 1, 2], key=lambda each: library.note(number()) or each)


def python_threads():
    def work():
        for depth in range(20):
            library.chain(number(), depth)

    for _ in range(5):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()


def c_threads():
    for _ in range(5):
        library.note_in_thread(number())


def handlers():
    for on_own_stack in (0, 1) * 3:
        library.note_in_handler(number(), on_own_stack)
    library.chain(number(), 2)


def new_code():
    for _ in range(3):
        library.note_below_new_code(number())


def deep():
    for depth in 98, 99, 100, 101, 300, 1500:
        library.chain(number(), depth)


def errors():
    """The interpreter's rare code, which compilers put apart from the rest of the function."""
    class Text(str):
        def __hash__(self):
            library.note(number())
            return 1

    names = {Text('a'): 1}
    for code in 'names[Text("b")]', 'nothing', '1 + "a"', 'a, b = [1]', 'number.nothing', '[][1]', 'number(1, 2)':
        try:
            exec(code, {'names': names, 'Text': Text, 'number': number})  # pylint: disable=exec-used
        except Exception:  # pylint: disable=broad-except
            library.chain(number(), 2)


def forks():
    library.chain(number(), 4)
    child = os.fork()
    if child == 0:
        library.begin_notes(os.fsencode(sys.argv[2] + '.child'))
        chains()
        library.end_notes()
        sys.exit()
    os.waitpid(child, 0)


def reloads():
    """Two libraries, whose functions have the same addresses if the loader uses them again."""
    import _ctypes  # pylint: disable=import-outside-toplevel
    for path in sys.argv[4:6] * 3:
        loaded = ctypes.PyDLL(path)
        loaded.call_back(ctypes.cast(library.note_from, ctypes.c_void_p), number())
        _ctypes.dlclose(loaded._handle)  # pylint: disable=protected-access


globals()[sys.argv[3]]()
library.end_notes()
