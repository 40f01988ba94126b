# Written when a wheel is built (pyproject.toml); a checkout has no such file.
__version__: str
