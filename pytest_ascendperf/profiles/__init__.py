"""Profile files in, frozen values out: what CANN's, torch_npu's and PyTorch's profilers wrote, of every version known.

``open_profile`` takes a folder or a file and gives its kernel trace. ``kernel_csv`` reads tables of kernels,
``timeline`` timelines in JSON, ``statistic_csv``, ``communication`` and ``fusion_result`` what
lies beside them. A file that cannot be understood is a :class:`~pytest_ascendperf.errors.ProfileError`
that names the file and the place in it. Files are read, never written, and nothing in them is executed or followed.
"""

from __future__ import annotations

from pytest_ascendperf.errors import ProfileError
from pytest_ascendperf.profiles.folder import ProfileFiles, find_profile, open_profile

__all__ = ["ProfileError", "ProfileFiles", "find_profile", "open_profile"]
