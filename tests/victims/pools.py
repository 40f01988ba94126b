"""A pool of processes, started in the way that the argument names."""
import multiprocessing
import os
import sys

import leak


def work(_):
    leak.child(10)
    return os.getpid()


if __name__ == '__main__':
    leak.before()
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(2, maxtasksperchild=5) as pool:
        workers = pool.map(work, range(20), chunksize=1)
        pool.close()
        pool.join()
    for worker in sorted(set(workers)):
        print(worker, workers.count(worker))
    leak.after()
