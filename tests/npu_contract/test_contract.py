"""Every name and keyword of torch_npu that the devices use is in every wheel, or the code goes on without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .uses import Use, uses_in
from .wheel_names import WheelNames
from .wheels import NEWEST, VERSIONS, wheel_of

DEVICES = Path(__file__).parents[2] / "pytest_ascendperf" / "devices"


@pytest.fixture(scope="session")
def uses() -> list[Use]:
    """What the devices use, but for the one that is about another accelerator."""
    return uses_in(sorted(path for path in DEVICES.rglob("*.py") if path.name != "cuda.py"))


@pytest.fixture(scope="module", params=VERSIONS)
def wheel(request: pytest.FixtureRequest) -> WheelNames:
    """The names of one wheel."""
    return WheelNames(wheel_of(request.param, request.config.cache.mkdir("torch_npu-wheels")))


def test_every_name_that_is_used_is_there_or_guarded(wheel: WheelNames, uses: list[Use]) -> None:
    missing = [f"{use.name} ({use.place})" for use in uses if not use.is_guarded and wheel.find(use.name) is None]
    assert missing == []


def test_every_keyword_that_is_used_is_taken_or_guarded(wheel: WheelNames, uses: list[Use]) -> None:
    refused = []
    for use in uses:
        provided = wheel.find(use.name)
        if provided is None or provided.keywords is None or use.are_keywords_guarded:
            continue
        refused += [f"{use.name}({word}=) ({use.place})" for word in use.keywords if word not in provided.keywords]
    assert refused == []


def test_the_uses_that_are_known_are_among_those_found(uses: list[Use]) -> None:
    """Else an empty list would pass against every wheel."""
    assert {use.name for use in uses} >= {
        "torch.npu.Event",
        "torch.npu.device_count",
        "torch.npu.get_device_properties",
        "torch.npu.get_task_queue_enable",
        "torch.npu.init",
        "torch.npu.matmul.allow_hf32",
        "torch.npu.set_sync_debug_mode",
        "torch.npu.synchronize",
        "torch_npu._C._npu_getOption",
        "torch_npu.npu.utils.get_cann_version",
        "torch_npu.profiler.AiCMetrics.AiCoreNone",
        "torch_npu.profiler._ExperimentalConfig",
        "torch_npu.profiler.profile",
        "torch_npu.profiler.profiler.analyse",
        "torch_npu.profiler.tensorboard_trace_handler",
    }


@pytest.mark.parametrize(
    ("name", "since"),
    [
        ("torch.npu.Event", "2.1.0.post17"),
        ("torch.npu.NPUGraph", "2.1.0.post17"),
        ("torch.npu.get_device_limit", "2.7.1"),
        ("torch.npu.get_task_queue_enable", "2.13.0"),
        ("torch.npu.get_per_process_memory_fraction", "2.13.0"),
        ("torch.npu.conv.allow_hf32", "2.1.0.post17"),
        ("torch.npu.conv.allow_hf64", None),
        ("torch_npu.profiler.profile", "2.1.0.post17"),
        ("torch_npu._C._npu_getOption", "2.1.0.post17"),
        ("torch_npu._C._npu_getOpinion", None),
        ("torch_npu.npu.utils.get_cann_version", "2.1.0.post17"),
        ("torch_npu.npu.nowhere.at_all", None),
        ("torch.npu.empty_cache.twice", None),
    ],
)
def test_what_came_with_a_release_is_missing_before_it(
    name: str, since: str | None, pytestconfig: pytest.Config
) -> None:
    """The check can fail: what newer releases brought is not found in older ones. Known from reading the sources."""
    cache = pytestconfig.cache.mkdir("torch_npu-wheels")
    versions = [version for version in VERSIONS if version != NEWEST]
    found = [WheelNames(wheel_of(version, cache)).find(name) is not None for version in versions]
    # 2.1.0.post17 was built after 2.5.1.post1, and has what that one lacks.
    first = len(versions) if since is None else versions.index(since)
    assert found[1:] == [index >= first for index in range(1, len(versions))]


@pytest.mark.parametrize(
    ("name", "keyword", "versions_with"),
    [
        ("torch.npu.Event", "enable_timing", {"2.1.0.post17", "2.5.1.post1", "2.7.1", "2.9.0", "2.13.0"}),
        ("torch_npu.profiler.profile", "custom_trace_id_callback", {"2.13.0"}),
        ("torch_npu.profiler._ExperimentalConfig", "mstx", {"2.1.0.post17", "2.7.1", "2.9.0", "2.13.0"}),
    ],
)
def test_keywords_are_told_apart_by_release(
    name: str, keyword: str, versions_with: set[str], pytestconfig: pytest.Config
) -> None:
    cache = pytestconfig.cache.mkdir("torch_npu-wheels")
    taking = set()
    for version in VERSIONS:
        provided = WheelNames(wheel_of(version, cache)).find(name) if version != NEWEST else None
        if provided is not None and provided.keywords is not None and keyword in provided.keywords:
            taking.add(version)
    assert taking == versions_with
