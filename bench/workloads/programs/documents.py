"""reStructuredText as HTML, with Docutils."""
from docutils.core import publish_string

ITEMS = ['* item *%d* with ``code`` and `link <http://example.org>`__' % number for number in range(600)]
publish_string('Title\n=====\n\n' + '\n\n'.join(ITEMS), writer_name='html')
