"""Verdicts for the tests of the reports, made by the real judge from session medians."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from judge.kernel_values import kind, table
from pytest_ascendperf.judge.exact import NO_EVIDENCE, ExactEvidence
from pytest_ascendperf.judge.kernel_changes import KnownLoss
from pytest_ascendperf.judge.verdict import judge_confirmed, judge_screen
from pytest_ascendperf.model.anchor import Anchor
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.conditions import Conditions, DeviceConditions, HostConditions, OtherProcess
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.finding import Finding, FindingKind
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.model.measurement import Clock, Measurement, Session
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.report.json_report import ReportedCase

RULE = Rule(tolerance=0.05, min_change_us=0.1, confirm_sessions=5, suite_tests=1, cases=1)
STEADY_US = (12.4, 12.45, 12.5, 12.5, 12.5, 12.5, 12.5, 12.55, 12.6)
PATH = "baselines/scripted/scripted-1/tests/test_ffn.json"
CONDITIONS = Conditions(
    host=HostConditions(steal_share=0.01, waiting_share=0.02, waits=3, others_share=0.04, limited_share=0.05),
    device=DeviceConditions(
        source="npu-smi",
        clock_mhz=1500.0,
        max_clock_mhz=1800.0,
        throttling=("over temperature",),
        others=(OtherProcess(pid=4242, name="train", memory_mib=512.0),),
        temperature_c=60.0,
        power_w=93.5,
        problem="it tells no clock",
    ),
)


def session(median_us: float) -> Session:
    return Session(
        started="2025-01-31T04:00:00Z",
        clock=Clock.DEVICE,
        device_median_us=median_us,
        host_median_us=None,
        reference_us=None,
        rounds=3,
        calls_per_round=2,
        warmup_calls=10,
        mean_us=median_us,
        sd_us=0.0,
        lag1=0.0,
        quantiles_us=(median_us,) * 7,
        samples_us=(median_us,) * 3,
        conditions=CONDITIONS,
        core_work_us=5.25,
        memory_work_us=1500.5,
    )


def environment(*, chip: str = "scripted", hard: Mapping[str, str], soft: Mapping[str, str]) -> Environment:
    return Environment(
        device="scripted",
        chip=chip,
        chip_id=chip,
        stack_id="scripted-1",
        hard=tuple(sorted(hard.items())),
        soft=tuple(sorted(soft.items())),
    )


@pytest.fixture
def baseline_of() -> Callable[..., Baseline]:
    def make(
        medians_us: Sequence[float], nodeid: str = "tests/test_ffn.py::test_step", *, threads: str = "8"
    ) -> Baseline:
        return Baseline(
            case=CaseId.from_nodeid(nodeid),
            environment=environment(hard={"threads": threads}, soft={}),
            sessions=tuple(map(session, medians_us)),
            revision=None,
        )

    return make


@pytest.fixture
def judged() -> Callable[..., ReportedCase]:
    """Judge one case. Every argument but the present median has a default that gives an unremarkable case."""

    def judge(
        now_us: float | None,
        nodeid: str = "tests/test_ffn.py::test_step",
        *,
        case: str = "",
        base_us: Sequence[float] | None = STEADY_US,
        fresh_us: Sequence[float] = (),
        base_chip: str = "scripted",
        base_threads: str = "8",
        base_kernel: str = "6.8",
        invalid: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
        path: str = PATH,
        base_kernels: KernelTable | None = None,
        kernels: KernelTable | None = None,
        exact: ExactEvidence = NO_EVIDENCE,
        anchor_us: Sequence[float] = (),
    ) -> ReportedCase:
        case_id = CaseId.from_nodeid(nodeid, case)
        here = environment(hard={"threads": "8"}, soft={"kernel": "6.8"})

        def measured(median_us: float | None) -> Measurement:
            return Measurement(
                case=case_id,
                environment=here,
                session=None if median_us is None else session(median_us),
                invalid=invalid,
                notes=notes,
                kernels=kernels,
            )

        there = environment(chip=base_chip, hard={"threads": base_threads}, soft={"kernel": base_kernel})
        stored = None
        if base_us is not None:
            stored = Baseline(
                case=case_id,
                environment=there,
                sessions=tuple(map(session, base_us)),
                revision=None,
                kernels=base_kernels,
                anchor=Anchor(sessions=tuple(map(session, anchor_us)), revision="1a2b3c4d5e6f") if anchor_us else None,
            )
        is_here = base_chip == here.chip_id
        measurement = measured(now_us)
        judgement = judge_screen(
            measurement,
            stored if is_here else None,
            [stored] if stored is not None and not is_here else [],
            RULE,
            baseline_path=path,
            exact=exact,
        )
        verdict = judge_confirmed(judgement, [measured(median_us) for median_us in fresh_us])
        return ReportedCase(verdict=verdict, measurement=measurement)

    return judge


@pytest.fixture
def every_status(judged: Callable[..., ReportedCase]) -> list[ReportedCase]:
    """One case of each status, in the order of :class:`Status`."""
    cases = [
        judged(12.345678, "tests/test_ffn.py::test_pass"),
        judged(37.52, "tests/test_ffn.py::test_slow[fp16]", fresh_us=(37.4, 37.41, 37.41, 37.41, 37.42)),
        judged(6.25, "tests/test_ffn.py::test_fast", base_kernel="5.15"),
        judged(12.9, "tests/test_ffn.py::test_decode", case="first token", base_us=(11.0, 12.5, 14.0)),
        judged(12.75, "tests/test_ffn.py::test_once", base_us=(12.5,)),
        judged(2345.678, "tests/test_ffn.py::test_new", base_us=None),
        judged(12.5, "tests/test_ffn.py::test_threads", base_threads="4"),
        judged(None, "tests/test_ffn.py::test_frozen", invalid=("The clock stood still.",)),
    ]
    assert [case.verdict.status for case in cases] == list(Status)
    return cases


@pytest.fixture
def drifted(judged: Callable[..., ReportedCase]) -> ReportedCase:
    """A case that is 1.6 % slower than its last baseline and 6.2 % slower than its anchor."""
    return judged(
        13.28,
        "tests/test_ffn.py::test_crept",
        base_us=(13.07,) * 5,
        anchor_us=(12.5,) * 5,
        fresh_us=(13.275,) * 5,
    )


@pytest.fixture
def ran_otherwise(judged: Callable[..., ReportedCase]) -> dict[str, ReportedCase]:
    """Cases that ran other kernels than their baselines, by what that came to."""
    fused = table(kind("FlashAttentionScore", 1, 8.0, core="MIX_AIC"), kind("MatMulV3", 1, 4.0, core="AI_CORE"))
    apart = table(
        kind("BatchMatMulV3", 2, 20.0, core="AI_CORE"),
        kind("SoftmaxV2", 1, 9.5),
        kind("MatMulV3", 1, 7.25, core="AI_CORE"),
    )
    losses = (
        KnownLoss(
            name="attention",
            times=1,
            gone={"FlashAttentionScore": 1},
            came={"BatchMatMulV3": 2, "SoftmaxV2": 1},
            advice="A mask of another type than the fused kernel takes loses it.",
        ),
    )
    demanded = Finding(kind=FindingKind.NOT_FUSED, summary="not fused: rope", details=(), fails=True)
    kernels = {"base_kernels": fused, "kernels": apart, "exact": ExactEvidence(losses=losses)}
    return {
        "as fast": judged(12.5, "tests/test_ffn.py::test_lost", **kernels),
        "slower": judged(37.5, "tests/test_ffn.py::test_both", base_us=(12.5,) * 5, fresh_us=(37.5,) * 5, **kernels),
        "fewer": judged(12.5, "tests/test_ffn.py::test_fewer", base_kernels=apart, kernels=table(apart.kernels[0])),
        "demanded": judged(12.5, "tests/test_ffn.py::test_rope", exact=ExactEvidence(explicit=(demanded,))),
        "broken": judged(
            None, "tests/test_ffn.py::test_broken", invalid=("The clock stood still.",), case="decode", **kernels
        ),
    }
