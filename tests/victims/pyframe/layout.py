"""Prints the layout in use: a "name=value" line for each offset."""
import probe

probe.require_known()
print(probe.layout_text())
