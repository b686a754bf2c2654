"""The program that has torch_npu analyse a profile: everything it can write, from what the profiler left.

Run as ``python -m pytest_ascendperf.devices.npu_analysis_program FOLDER``, in a process of its own: torch_npu's
analysis makes ``fork`` the start method of the whole process that asks for it, and then forks it. It prints what it
thinks and raises nothing, so whoever runs this looks at the files.
"""

from __future__ import annotations

import sys


def main(folder: str) -> None:
    """Analyse the profile in ``folder``, a ``*_ascend_pt``."""
    from torch_npu.profiler.profiler import analyse

    analyse(folder, max_process_number=1)


if __name__ == "__main__":
    main(sys.argv[1])
