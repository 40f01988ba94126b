"""Renders a table, with Mako."""
from mako.template import Template

TEMPLATE = Template('<table>\n% for row in rows:\n<tr>${row}</tr>\n% endfor\n</table>')
for _ in range(100):
    TEMPLATE.render(rows=range(2000))
