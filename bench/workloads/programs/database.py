"""Fills and sorts a table of SQLite."""
import sqlite3

CONNECTION = sqlite3.connect(':memory:')
CONNECTION.execute('create table t(a, b)')
for number in range(5000):
    CONNECTION.execute('insert into t values(?, ?)', (number, 'x' * (number % 100)))
for _ in range(20):
    CONNECTION.execute('select a, b from t order by b').fetchall()
