"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

# An example may take as long as a loaded machine needs: no test is about time.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")
