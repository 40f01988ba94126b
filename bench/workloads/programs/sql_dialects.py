"""Translates queries from one dialect of SQL to another, with SQLGlot."""
import sqlglot

QUERY = ('select a, b, sum(c) from t join u on t.x = u.x where a > %d and b in (select x from z) '
         'group by a, b order by 3')
for number in range(300):
    sqlglot.transpile(QUERY % number, read='mysql', write='spark')
