"""Texts with ``*`` for any text: operator types in the catalogue, and the same types where only names are recorded."""

from __future__ import annotations

import re
from collections.abc import Sequence

_COUNTER = r"\d*(?:_\d+(?:_.*)?)?"
"""What follows a type in a name: ``Conv2D1``, ``MatMul_82``, ``MatMulV2_115_to_v3``, ``hcom_allReduce__170_1_1``."""


def any_of(globs: Sequence[str]) -> re.Pattern[str]:
    """Matches, whole, a type that one of ``globs`` describes."""
    return re.compile("|".join(map(_expression, globs)) or r"(?!)", re.DOTALL)


def name_of_any(globs: Sequence[str]) -> re.Pattern[str]:
    """Matches, whole, a kernel's name that ends with such a type: ``aclnnAddmm_MatMulCommon_MatMulV2``."""
    types = "|".join(map(_expression, globs)) or r"(?!)"
    return re.compile(f"(?:.*[_/])?(?:{types}){_COUNTER}", re.DOTALL)


def _expression(glob: str) -> str:
    return ".*".join(map(re.escape, glob.split("*")))
