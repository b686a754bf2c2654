"""What there is to say about the kernels that ran before judging: fusions that a test asks for, and those it lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_ascendperf.model.finding import Finding, FindingKind
from pytest_ascendperf.plugin.options import settings_of

if TYPE_CHECKING:
    from pytest_ascendperf.fusion.catalogue import Catalogue
    from pytest_ascendperf.judge.kernel_changes import KnownLoss
    from pytest_ascendperf.measure.kernel_pass import KernelPass
    from pytest_ascendperf.model.kernel_table import KernelTable

_CATALOGUE_KEY: pytest.StashKey[Catalogue] = pytest.StashKey()


def catalogue_of(config: pytest.Config) -> Catalogue:
    """The fusion patterns of this run: built-in ones, those of the settings' file, those of hooks.

    Raises SettingsError where the file cannot be used.
    """
    if _CATALOGUE_KEY not in config.stash:
        from pytest_ascendperf.fusion.catalogue import catalogue

        file = settings_of(config, {}).fusion_patterns
        given = config.hook.pytest_ascendperf_fusion_patterns()
        config.stash[_CATALOGUE_KEY] = catalogue(
            extra_files=() if file is None else (Path(file),),
            extra=[pattern for patterns in given for pattern in patterns],
        )
    return config.stash[_CATALOGUE_KEY]


def check_patterns(config: pytest.Config, keywords: Mapping[str, object]) -> None:
    """Raise SettingsError where a marker with these keywords asks for a pattern that does not exist."""
    for name in settings_of(config, keywords).fusion:
        catalogue_of(config).get(name)


def fusion_findings(
    config: pytest.Config, names: Sequence[str], kernel_pass: KernelPass | None, *, wanted: bool
) -> tuple[Finding, ...]:
    """What does not hold where each of the patterns ``names`` must take effect, or must not."""
    findings = [_fusion_finding(config, name, kernel_pass, wanted=wanted) for name in names]
    return tuple(finding for finding in findings if finding is not None)


def known_losses(config: pytest.Config, base: KernelTable, head: KernelTable) -> tuple[KnownLoss, ...]:
    """Fusions of the kernels ``base`` that ``head`` lost, as the catalogue knows them."""
    from pytest_ascendperf.fusion.losses import lost_fusions
    from pytest_ascendperf.fusion.matcher import mode_of_table
    from pytest_ascendperf.judge.kernel_changes import KnownLoss

    return tuple(
        KnownLoss(
            name=lost.pattern.name,
            times=lost.count,
            gone=dict(lost.gone),
            came=dict(lost.came),
            advice=lost.pattern.advice,
        )
        for lost in lost_fusions(base, head, catalogue_of(config), mode_of_table(head))
    )


def _fusion_finding(
    config: pytest.Config, name: str, kernel_pass: KernelPass | None, *, wanted: bool
) -> Finding | None:
    from pytest_ascendperf.fusion.explicit import check_fused, check_not_fused
    from pytest_ascendperf.fusion.matcher import mode_of

    pattern = catalogue_of(config).get(name)
    if kernel_pass is None or kernel_pass.trace is None:
        kind = FindingKind.NOT_FUSED if wanted else FindingKind.FUSED
        return _unknown(kind, f"fusion {pattern.name}", kernel_pass)
    check = check_fused if wanted else check_not_fused
    return check(pattern, kernel_pass.trace, mode_of(kernel_pass.trace))


def _unknown(kind: FindingKind, what: str, kernel_pass: KernelPass | None) -> Finding:
    """What is asked for and cannot be looked at fails: it must not pass for want of a profile."""
    problem = None if kernel_pass is None else kernel_pass.problem
    return Finding(
        kind=kind,
        summary=f"{what} could not be checked: {problem or 'this device records no kernels'}",
        details=(),
        fails=True,
    )
