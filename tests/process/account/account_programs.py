"""Programs for the account: each uses memory in another way, keeps it, and prints what the kernel says of it when
it ends. Usage: account_programs.py NAME"""
import os
import sys


def numpy():
    import numpy
    kept = [numpy.ones(1 << 20), numpy.empty(1 << 27), numpy.zeros(1 << 22).sum()]
    kept.append([numpy.arange(100) for _ in range(20000)])
    return kept


def pandas():
    import pandas
    frame = pandas.DataFrame({'a': range(300000), 'b': [str(i) for i in range(300000)]})
    return frame, frame.groupby(frame.a % 100).sum(numeric_only=True)


def pyarrow():
    import pyarrow
    return [pyarrow.array(list(range(300000))) for _ in range(4)], pyarrow.array(['x' * 100] * 200000)


def django():
    import django.conf
    django.conf.settings.configure(USE_TZ=True, TEMPLATES=[
        {'BACKEND': 'django.template.backends.django.DjangoTemplates'}])
    import django
    django.setup()
    import django.template
    template = django.template.Template('{% for i in x %}{{ i }} {% endfor %}')
    return [template.render(django.template.Context({'x': range(1000)})) for _ in range(300)]


def sqlite3():
    import sqlite3
    base = sqlite3.connect(':memory:')
    base.execute('create table t (a, b)')
    base.executemany('insert into t values (?, ?)', ((i, 'x' * (i % 50)) for i in range(200000)))
    return base, base.execute('select * from t limit 50000').fetchall()


def lxml():
    import lxml.etree
    root = lxml.etree.Element('root')
    for i in range(60000):
        lxml.etree.SubElement(root, 'child', number=str(i)).text = 'text %d' % i
    return root, lxml.etree.tostring(root)


def pillow():
    import PIL.Image
    return [PIL.Image.new('RGB', (1000, 1000), (i, 2, 3)).rotate(i + 1) for i in range(10)]


def server():
    import asyncio

    async def serve():
        kept = []

        async def answer(reader, writer):
            kept.append(await reader.readline() * 20)
            writer.write(kept[-1])
            await writer.drain()
            writer.close()
        listener = await asyncio.start_server(answer, '127.0.0.1', 0)
        port = listener.sockets[0].getsockname()[1]

        async def ask(number):
            reader, writer = await asyncio.open_connection('127.0.0.1', port)
            writer.write(b'%d ' % number * 100 + b'\n')
            await reader.read()
            writer.close()
        for first in range(0, 400, 20):
            await asyncio.gather(*[ask(first + i) for i in range(20)])
        listener.close()
        return kept
    return asyncio.run(serve())


def children():
    import multiprocessing
    context = multiprocessing.get_context('fork')
    kept = [bytes(1000) for _ in range(20000)]
    with context.Pool(2) as pool:
        return kept, pool.map(len, [bytes(1000)] * 2000)


def threads():
    import threading
    kept = []
    started = threading.Barrier(31)

    def work():
        kept.append([bytearray(300 + i % 900) for i in range(3000)])
        started.wait()
        done.wait()
    done = threading.Event()
    all_threads = [threading.Thread(target=work) for _ in range(30)]
    for thread in all_threads:
        thread.start()
    started.wait()
    return kept, all_threads, done


def small():
    """With fewer packages than any: for a quick test."""
    kept = [bytearray(3000) for _ in range(5000)] + [{'number': i} for i in range(50000)]
    del kept[1000:4990]
    return kept


NAMES = ('numpy', 'pandas', 'pyarrow', 'django', 'sqlite3', 'lxml', 'pillow', 'server', 'children', 'threads')

if __name__ == '__main__':
    KEPT = globals()[sys.argv[1]]()
    with open('/proc/self/smaps') as smaps:
        print(sum(int(line.split()[1]) for line in smaps if line.startswith('Rss:')) * 1024, flush=True)
    # The end of the interpreter would free what was kept.
    os._exit(0)
