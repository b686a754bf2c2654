"""Every work as a benchmark of asv."""

import os

from work.loads import call_of
from work.suite import NAMES


class Load:
    """One work of the suite."""

    params = NAMES
    param_names = ("name",)
    repeat = (5, 100_000, float(os.environ.get("GATES_ROUND_S", "0.5")))

    def setup(self, name: str) -> None:
        """Prepare what is measured."""
        self.call = call_of(name)

    def time_load(self, name: str) -> None:
        """What is measured."""
        self.call()
