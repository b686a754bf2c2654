"""What base and head run, side by side: a fusion that head lost fails at any speed, and a slowdown names its kernel."""

from __future__ import annotations

import pytest

from ..against_suite import AGAINST, GitSuite

MODULE = """
KERNELS = {kernels!r}

@pytest.fixture
def attention(npu_perf_device):
    def call():
        for kernel, core, us in KERNELS:
            npu_perf_device.spend(us, kernel=kernel, core=core, inputs="1,8,64;1,8,64;1,8,64")
    return call

@pytest.mark.npu_perf(min_change_us=0{keywords})
def test_x(attention): attention()
"""

FUSED = [("FlashAttentionScore", "MIX_AIC", 40.0)]
PARTS = [("BatchMatMulV3", "AI_CORE", 14.0), ("SoftmaxV2", "AI_VECTOR_CORE", 12.0), ("BatchMatMulV3", "AI_CORE", 14.0)]
SLOWER = [("FlashAttentionScore", "MIX_AIC", 60.0)]


def module(kernels: list[tuple[str, str, float]], keywords: str = "") -> str:
    return MODULE.format(kernels=kernels, keywords=keywords)


@pytest.fixture
def fused(git_suite: GitSuite) -> GitSuite:
    git_suite.commit(test_suite=module(FUSED))
    return git_suite


def test_a_fusion_that_head_lost_fails_at_the_same_speed(fused: GitSuite) -> None:
    fused.write(test_suite=module(PARTS))
    result, report = fused.report(*AGAINST)
    result.assert_outcomes(failed=1)
    (case,) = report["cases"]
    assert (case["status"], case["timed_status"]) == ("regressed", "pass")
    assert [finding["kind"] for finding in case["findings"]] == ["fusion_lost"]
    assert "fusion lost: 1 FlashAttentionScore became 2 BatchMatMulV3, 1 SoftmaxV2 per call" in result.stdout.str()


def test_the_same_kernels_are_no_finding(fused: GitSuite) -> None:
    result, report = fused.report(*AGAINST)
    result.assert_outcomes(passed=1)
    assert report["cases"][0]["findings"] == []


def test_a_slowdown_names_its_kernel(fused: GitSuite) -> None:
    fused.write(test_suite=module(SLOWER))
    result, report = fused.report(*AGAINST)
    result.assert_outcomes(failed=1)
    (case,) = report["cases"]
    (change,) = case["attribution"]["changes"]
    assert (change["type"], change["base_us"], change["head_us"]) == ("FlashAttentionScore", 40.0, 60.0)


def test_kernels_of_regressed_tests_are_looked_at_and_not_compared(fused: GitSuite) -> None:
    fused.write(test_suite=module(PARTS, ", kernels='regressed'"))
    result, report = fused.report(*AGAINST)
    result.assert_outcomes(passed=1)
    assert report["cases"][0]["findings"] == []


def test_what_the_test_asks_for_counts_in_head(fused: GitSuite) -> None:
    fused.write(test_suite=module(FUSED, ", fusion=['matmul+bias']"))
    result, report = fused.report(*AGAINST)
    result.assert_outcomes(failed=1)
    assert [finding["kind"] for finding in report["cases"][0]["findings"]] == ["not_fused"]
