"""The programs of scripts/gate-programs: nobody here wrote them, and they do not leak.

To add one: a row here. `{work}` in its words stands for a folder of its own; `prepare` fills that.
"""
import collections
import os
import random

# `module` and `functions`: where the added line goes, at the beginning of the first of these functions
# that the module has.
# `needs`: a module without which there is no such program; else that one.
Program = collections.namedtuple('Program', 'name words module functions prepare needs')


def program(name, words, where, prepare=None, needs=None):
    module, functions = where.split(':')
    return Program(name, words.split('|'), module, functions.split(','), prepare, needs or module)


def texts(folder):
    """200 KiB of JSON, of Python and of words."""
    numbers = random.Random(1)
    with open(os.path.join(folder, 'data.json'), 'w') as file:
        file.write('[%s]' % ', '.join('{"key%d": [%f, "text"]}' % (i, numbers.random())
                                      for i in range(5000)))
    with open(os.path.join(folder, 'code.py'), 'w') as file:
        for i in range(800):
            file.write('class C%d:\n    """Text."""\n\n    def method(self, value=%d):\n'
                       '        return [value + each for each in range(%d)]\n\n' % (i, i, i))


def many_files(folder):
    texts(folder)
    for i in range(20):
        os.mkdir(os.path.join(folder, 'part%d' % i))
        texts(os.path.join(folder, 'part%d' % i))


def tests(folder):
    """A suite for unittest, pytest and coverage."""
    with open(os.path.join(folder, 'test_many.py'), 'w') as file:
        file.write('import json, unittest\n\n\nclass Many(unittest.TestCase):\n')
        for i in range(300):
            file.write('    def test_%d(self):\n        self.assertEqual(json.loads(json.dumps('
                       '{"a": [%d] * 50})), {"a": [%d] * 50})\n\n' % (i, i, i))


def site(folder):
    """A project of Django's, and a model of it."""
    os.mkdir(os.path.join(folder, 'shop'))
    for name, text in (
            ('settings.py', 'SECRET_KEY = "x"\nUSE_TZ = True\nROOT_URLCONF = "shop.urls"\n'
             'INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop"]\n'
             'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", '
             '"NAME": ":memory:"}}\nDEFAULT_AUTO_FIELD = "django.db.models.AutoField"\n'),
            ('__init__.py', ''), ('urls.py', 'urlpatterns = []\n'),
            ('models.py', 'from django.db import models\n\n\nclass Item(models.Model):\n'
             '    name = models.CharField(max_length=50)\n'),
            ('tests.py', 'from django.test import TestCase\nfrom shop.models import Item\n\n\n'
             'class Items(TestCase):\n    def test_many(self):\n        for i in range(300):\n'
             '            Item.objects.create(name="item %d" % i)\n'
             '        self.assertEqual(Item.objects.filter(name__endswith="7").count(), 30)\n')):
        with open(os.path.join(folder, 'shop', name), 'w') as file:
            file.write(text)


PROGRAMS = (
    program('ast', '-m|ast|{work}/code.py', 'ast:main', texts),
    program('asyncio: timeit of a task', '-m|timeit|-n|20|-r|2|-s|import asyncio|'
            'asyncio.run(asyncio.sleep(0))', 'timeit:main'),
    program('base64', '-m|base64|-e|{work}/data.json', 'base64:main', texts),
    program('calendar', '-m|calendar|2026', 'calendar:main'),
    program('compileall, 2 processes', '-m|compileall|-q|-f|-j|2|{work}', 'compileall:compile_file',
            many_files),
    program('coverage run', '-m|coverage|run|--data-file={work}/.coverage|{work}/test_many.py',
            'coverage.cmdline:main', tests),
    program('cProfile', '-m|cProfile|-o|{work}/profile|-m|tabnanny|{work}/code.py', 'cProfile:main',
            texts),
    program('filecmp', '-m|filecmp|{work}|{work}', 'filecmp:demo', texts),
    program('dis', '-m|dis|{work}/code.py', 'dis:_test,main', texts),
    program('django check', '-m|django|check', 'django.core.management:execute_from_command_line',
            site),
    program('django test', '-m|django|test|shop', 'django.core.management:execute_from_command_line',
            site),
    program('gzip', '-m|gzip|{work}/data.json', 'gzip:main', texts),
    program('inspect', '-m|inspect|unittest.mock', 'inspect:_main'),
    program('json.tool', '-m|json.tool|{work}/data.json', 'json.tool:main', texts),
    program('numpy: timeit of an SVD', '-m|timeit|-n|3|-r|2|-s|import numpy; '
            'a = numpy.random.rand(120, 120)|numpy.linalg.svd(a)', 'timeit:main',
            needs='numpy'),
    program('pandas: timeit of a groupby', '-m|timeit|-n|3|-r|2|-s|import pandas; '
            'f = pandas.DataFrame({"a": list(range(9)) * 999, "b": range(8991)})|'
            'f.groupby("a").b.mean().sum()', 'timeit:main', needs='pandas'),
    program('pickletools', '-m|pickletools|{work}/profile', 'pickletools:dis',
            lambda folder: __import__('pickle').dump(
                list(range(20000)), open(os.path.join(folder, 'profile'), 'wb'))),
    program('pip list', '-m|pip|list|--disable-pip-version-check', 'pip._internal.cli.main:main'),
    program('pyclbr', '-m|pyclbr|{work}/code.py', 'pyclbr:_main', texts),
    program('pydoc', '-m|pydoc|argparse', 'pydoc:cli'),
    program('pytest', '-m|pytest|-q|-p|no:cacheprovider|{work}/test_many.py',
            '_pytest.config:_prepareconfig', tests),
    program('sqlite3: timeit of 1,000 rows', '-m|timeit|-n|3|-r|2|-s|import sqlite3; '
            'c = sqlite3.connect(":memory:"); c.execute("create table t(a)")|'
            'c.executemany("insert into t values (?)", ((str(i),) for i in range(1000)))',
            'timeit:main'),
    program('tarfile', '-m|tarfile|-c|{work}/out.tgz|{work}/code.py', 'tarfile:main', texts),
    program('tokenize', '-m|tokenize|{work}/code.py', 'tokenize:main', texts),
    program('trace', '-m|trace|--count|-C|{work}|{work}/test_many.py', 'trace:main', tests),
    program('unittest', '-m|unittest|{work}/test_many.py', 'unittest.main:_convert_name', tests),
    program('venv', '-m|venv|--without-pip|{work}/venv', 'venv:main'),
    program('zipfile', '-m|zipfile|-c|{work}/out.zip|{work}/code.py', 'zipfile:main', texts),
)
