"""Baselines on disk: where they lie, what their files look like, and how none is ever lost.

:class:`BaselineStore` is what other rooms use. A file belongs to one chip, one software stack and one test module; it
is JSON made to be committed and reviewed.
"""

from __future__ import annotations

from pytest_ascendperf.store.baseline_store import BaselineStore, Elsewhere, Update, UpdatedCase, UpdatedFile

__all__ = ["BaselineStore", "Elsewhere", "Update", "UpdatedCase", "UpdatedFile"]
