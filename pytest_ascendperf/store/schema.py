"""The version of the baseline file format, its history, and what of a baseline is stored exactly.

Every field and its unit is described for users in ``docs/baseline-format.md``.
"""

from __future__ import annotations

import dataclasses
import math

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model.anchor import Anchor
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.model.measurement import Session

# History of the format:
#
#   1  First version: one file per test module with the keys "environments", "module", "schema" and "tests".
#      Later, in entries: "kernels", "fusion_passes" and "anchor", and in sessions "vector_reference_us",
#      "conditions", "core_work_us" and "memory_work_us". An older version ignores them and still judges times against
#      the last accepted sessions rightly. Of an entry that it records again it drops the anchor; those sessions are
#      then where drift is measured from.
#
# When to count up: whenever a file would mean something else to the version before. That is a key removed, renamed or
# given another unit or meaning; a new key without which the old ones mislead; or any change to what
# Environment.to_dict writes, because fingerprints are computed from it. A new key that older versions may ignore needs
# no new number: they keep it in the entries that they do not record again.
# The version after an increase reads the older files and writes its own number.
SCHEMA = 1
"""The version that is written, and the newest one that is read."""

SAMPLE_DIGITS = 6
"""Significant digits of stored samples, standard deviations, autocorrelations and times of kernels: an error of at most
0.0005 %."""


class NewerSchemaError(InvalidDataError):
    """A file that a newer version wrote."""


def check_schema(found: object) -> None:
    """Raises NewerSchemaError or InvalidDataError unless ``found``, a file's ``schema``, can be read."""
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise InvalidDataError("schema", f"expected a whole number from 1 to {SCHEMA}, found {found!r:.80}")
    if found > SCHEMA:
        raise NewerSchemaError(
            "schema",
            f"version {found!r:.80} comes from a newer pytest-ascendperf; this one reads up to version {SCHEMA}",
        )


def as_stored(baseline: Baseline) -> Baseline:
    """``baseline`` as it will be read back: ``SAMPLE_DIGITS`` where shape matters, all digits where decisions do.

    Medians, the other quantiles and means stay exact, as verdicts rest on them. Samples, standard deviations,
    autocorrelations and the times of single kernels only describe, and unrounded they would double the size of a file.
    """
    return dataclasses.replace(
        baseline,
        sessions=tuple(map(_rounded, baseline.sessions)),
        kernels=None if baseline.kernels is None else _rounded_table(baseline.kernels),
        anchor=None if baseline.anchor is None else _rounded_anchor(baseline.anchor),
    )


def check_readable(baseline: Baseline) -> None:
    """Raises InvalidDataError for a baseline that could not be read back, such as one with a negative time."""
    environments = {baseline.environment.fingerprint: baseline.environment}
    Baseline.from_dict(baseline.to_dict(), case=baseline.case, environments=environments)


def _rounded(session: Session) -> Session:
    return dataclasses.replace(
        session,
        sd_us=_significant(session.sd_us),
        lag1=_significant(session.lag1),
        samples_us=tuple(_significant(sample) for sample in session.samples_us),
    )


def _rounded_anchor(anchor: Anchor) -> Anchor:
    return dataclasses.replace(anchor, sessions=tuple(map(_rounded, anchor.sessions)))


def _rounded_table(table: KernelTable) -> KernelTable:
    kinds = (
        dataclasses.replace(kind, durations_us=tuple(map(_significant, kind.durations_us))) for kind in table.kernels
    )
    return dataclasses.replace(table, kernels=tuple(kinds))


def _significant(value: float) -> float:
    return float(f"{value:.{SAMPLE_DIGITS}g}") if math.isfinite(value) else value
