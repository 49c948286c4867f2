"""Checks the shapes and types in the signatures that conftest.py names: in the tests alone.

Outside of pytest the annotations are only read by people and mypy, and cost nothing.
"""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))  # a float may be given as 0
