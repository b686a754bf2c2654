"""The suite for benchmatrix."""

from benchmatrix import BenchmarkCase, make_benchmark_test
from work.loads import call_of
from work.suite import NAMES

test_load = make_benchmark_test(
    {name: call_of(name) for name in NAMES},
    [BenchmarkCase.from_values("call", work_units=1, work_unit_name="calls")],
    metrics=["single_call_latency"],
)
