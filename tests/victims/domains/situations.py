"""Allocates in one situation, which is the argument, 20 blocks of 3001 to 3020 bytes on one line."""
import os
import sys
import threading


def allocate():
    return [bytes(2968 + i) for i in range(1, 21)]  # the line


def alone():
    allocate()


def threads():
    for _ in range(3):
        started = [threading.Thread(target=allocate) for _ in range(4)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()


def forked():
    child = os.fork()
    if child == 0:
        allocate()
        os._exit(0)
    os.waitpid(child, 0)


def subinterpreters():
    import _testcapi
    source = 'kept = [bytes(2968 + i) for i in range(1, 21)]\n'
    for _ in range(3):
        assert _testcapi.run_in_subinterp(source) == 0


def paused():
    import ctypes
    library = ctypes.CDLL(None)
    allocate()
    library.pymemflow_stop()
    allocate()
    library.pymemflow_start()
    allocate()


def out_of_memory():
    import _testcapi
    for _ in range(3):
        _testcapi.set_nomemory(5)
        try:
            kept = [bytearray(5000) for i in range(20)]
            assert not kept
        except MemoryError:
            pass
        finally:
            _testcapi.remove_mem_hooks()
    allocate()


if __name__ == '__main__':
    globals()[sys.argv[1]]()
