"""The tests of this suite: the works that GATES_TESTS names, each followed by the number of its copy."""

from __future__ import annotations

import os

NAMES = os.environ["GATES_TESTS"].split(",")
