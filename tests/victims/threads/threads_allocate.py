"""Four threads, each with its own function and its own sizes; the last one frees for two of them."""
import queue
import threading

import cMemLeak

COUNT = 3000
blocks = queue.Queue()
ready = threading.Barrier(4)


def one():
    for _ in range(COUNT):
        cMemLeak.free(cMemLeak.malloc(21111))  # line of one


def two():
    for _ in range(COUNT):
        blocks.put(cMemLeak.malloc(22222))  # line of two


def three():
    for _ in range(COUNT):
        block = cMemLeak.calloc(3, 11111)  # line of three
        blocks.put(cMemLeak.realloc(block, 33333))  # line of three's realloc


def four():
    for _ in range(2 * COUNT):
        cMemLeak.free(blocks.get())  # line of four


def begin(function):
    ready.wait()
    function()


threads = [threading.Thread(target=begin, args=(run,)) for run in (one, two, three, four)]
for thread in threads:
    thread.start()
