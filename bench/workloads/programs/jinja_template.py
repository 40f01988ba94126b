"""Renders a table, with Jinja."""
from jinja2 import Template

TEMPLATE = Template('{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell|e }}</td>{% endfor %}</tr>'
                    '{% endfor %}')
for _ in range(20):
    TEMPLATE.render(rows=[range(10)] * 1000)
