from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_ascendperf.model.kernel_statistics import OperatorStat
from pytest_ascendperf.model.profile_tables import StepTime
from pytest_ascendperf.profiles import ProfileError
from pytest_ascendperf.profiles.statistic_csv import read_operator_statistic, read_step_times

Write = Callable[[str, "str | bytes"], Path]

STATISTIC = "OP Type,Core Type,Count,Total Time(us),Min Time(us),Avg Time(us),Max Time(us),Ratio(%)"
STEPS = (
    "Step,Computing,Communication(Not Overlapped),Overlapped,Communication,Free,Stage,Bubble,"
    "Communication(Not Overlapped and Exclude Receive)"
)


@pytest.mark.parametrize(("lead", "end"), [("", "\n"), ("Device_id,", "\r\n"), ("Device_id,Model Name,", "\n")])
def test_the_statistic_of_operators(lead: str, end: str, write: Write) -> None:
    cells = "0," * lead.count(",")
    rows = [lead + STATISTIC, f"{cells}MatMulV3,AI_CORE,280,48000.78,76.66,171.431,292.52,20.753"]
    path = write("op_statistic.csv", "".join(row + end for row in rows))
    assert read_operator_statistic(path) == (
        OperatorStat(
            name="MatMulV3",
            core="AI_CORE",
            count=280,
            total_ns=48000780,
            min_ns=76660,
            max_ns=292520,
            share=20.753 / 100,
        ),
    )


def test_how_steps_divide_before_and_since_devices_are_named(write: Write) -> None:
    old = write("old.csv", STEPS + "\n,8537.900000000003,1.5,0.5,2.0,9,20,0,1.5\n")
    new = write(
        "new.csv", "Device_id," + STEPS + ",Preparing\r\n3,50,8537.900000000003,1.5,0.5,2.0,9,20,0,1.5,206.25\r\n"
    )
    common = {
        "computing_us": 8537.900000000003,
        "communication_us": 2.0,
        "exposed_communication_us": 1.5,
        "overlapped_us": 0.5,
        "free_us": 9.0,
        "stage_us": 20.0,
        "bubble_us": 0.0,
    }
    assert read_step_times(old) == (StepTime(step=None, device=None, preparing_us=None, **common),)
    assert read_step_times(new) == (StepTime(step=50, device=3, preparing_us=206.25, **common),)


BAD_STATISTIC: dict[str, tuple[str | bytes, str]] = {
    "no count": (f"{STATISTIC}\nAdd,AI_CORE,N/A,1,1,1,1,1\n", "line 2: column 'Count' holds 'N/A'"),
    "none of it": (f"{STATISTIC}\nAdd,AI_CORE,0,1,1,1,1,1\n", "expected a number of at least 1"),
    "a negative time": (f"{STATISTIC}\nAdd,AI_CORE,1,-1,1,1,1,1\n", "column 'Total Time(us)' holds '-1': negative"),
    "no share": (f"{STATISTIC}\nAdd,AI_CORE,1,1,1,1,1,nan\n", "column 'Ratio(%)' holds 'nan'"),
    "a share that is none": (
        f"{STATISTIC}\nAdd,AI_CORE,1,1,1,1,1,x\n",
        "column 'Ratio(%)' holds 'x': expected a number",
    ),
    "cut off": (f"{STATISTIC}\nAdd,AI_CORE,1,1\n", "line 2: 4 cells under 8 headings"),
    "another table": ("Name,Start Time(us)\n", "line 1: no column 'OP Type'"),
    "twice the same": (f"{STATISTIC},Count\n", "two columns of the same name"),
    "a million columns": ("a," * 500_000, "more than 1,000 columns"),
    "not UTF-8": (STATISTIC.encode() + b"\n\xff,AI_CORE,1,1,1,1,1,1\n", "is not UTF-8"),
    "empty lines": ("\n\n", "empty lines only"),
}


@pytest.mark.parametrize("case", BAD_STATISTIC)
def test_damage_is_named(case: str, write: Write) -> None:
    content, expected = BAD_STATISTIC[case]
    with pytest.raises(ProfileError) as caught:
        read_operator_statistic(write("op_statistic.csv", content))
    assert expected in str(caught.value)
