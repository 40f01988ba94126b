"""Builds, writes and reads a tree of XML."""
import xml.etree.ElementTree as tree

ROOT = tree.Element('root')
for number in range(20000):
    element = tree.SubElement(ROOT, 'item%d' % (number % 50), {'number': str(number)})
    element.text = 't' * (number % 40)
TEXT = tree.tostring(ROOT)
for _ in range(3):
    tree.fromstring(TEXT)
