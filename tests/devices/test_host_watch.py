"""What the kernel's counters say of a stretch of time: of counters written by hand, and of real neighbours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_ascendperf.devices.host_watch import HostWatch
from pytest_ascendperf.model.conditions import HostConditions

needs_counters = pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="this system does not count how long threads wait"
)


@dataclass
class Counters:
    """A /proc and control groups of one process that may use processor 0."""

    folder: Path

    @property
    def proc(self) -> Path:
        return self.folder / "proc"

    @property
    def cgroups(self) -> Path:
        return self.folder / "cgroup"

    def stat(self, *, user: int, steal: int = 0, text: str | None = None) -> None:
        """Ticks of processor 0; all the others are far busier, and do not count."""
        rows = f"cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 {user} 0 0 500 7 0 0 {steal} 0 0\ncpu1 99999 0 0 0 0 0 0 99999 0 0\n"
        write(self.proc / "stat", (rows if text is None else text) + "intr 1 2 3\n")

    def thread(self, number: int, *, ran_s: float, waited_s: float, count: int) -> None:
        write(self.proc / f"self/task/{number}/schedstat", f"{ran_s * 1e9:.0f} {waited_s * 1e9:.0f} {count}\n")

    def limit(self, group: str, text: str) -> None:
        write(self.cgroups / group / "cpu.stat", text)

    def watch(self) -> HostWatch:
        return HostWatch(proc=self.proc, cgroups=self.cgroups)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.fixture
def counters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counters:
    """Counters of a process that used no time itself, on clocks that a test moves by a second."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    monkeypatch.setattr(time, "process_time", lambda: 0.0)
    now_s = iter((10.0, 11.0))
    monkeypatch.setattr(time, "perf_counter", lambda: next(now_s))
    return Counters(tmp_path)


def seen(watch: HostWatch) -> HostConditions:
    conditions = watch.conditions()
    assert conditions is not None
    assert conditions.host is not None
    assert conditions.device is None
    return conditions.host


def test_shares_of_one_second(counters: Counters) -> None:
    """Of 100 ticks others had 40, less 1.25 of doubt; a hypervisor took 21.25, less as much."""
    counters.stat(user=1000, steal=50)
    counters.thread(1, ran_s=3.0, waited_s=7.0, count=5)
    watch = counters.watch()
    counters.stat(user=1040, steal=72)
    counters.thread(1, ran_s=3.6, waited_s=7.2, count=9)
    host = seen(watch)
    assert host.others_share == 0.3875
    assert host.steal_share == round(0.2075 / (0.2075 + 0.40), 4)
    assert host.waiting_share == 0.25
    assert host.waits == 4
    assert host.limited_share is None


def test_threads_that_wait_for_each_other_do_not_wait_for_others(counters: Counters) -> None:
    counters.stat(user=0)
    counters.thread(1, ran_s=0.0, waited_s=0.0, count=0)
    watch = counters.watch()
    counters.stat(user=1)
    counters.thread(1, ran_s=0.5, waited_s=0.5, count=100)
    counters.thread(2, ran_s=0.5, waited_s=0.5, count=100)
    host = seen(watch)
    assert host.waiting_share == host.others_share == 0.0
    assert host.waits == 200


def test_no_more_is_waited_for_others_than_they_ran(counters: Counters) -> None:
    counters.stat(user=0)
    counters.thread(1, ran_s=0.0, waited_s=0.0, count=0)
    watch = counters.watch()
    counters.stat(user=26)
    counters.thread(1, ran_s=0.2475, waited_s=0.7, count=1)
    assert seen(watch).waiting_share == 0.5


def test_a_single_tick_of_steal_is_a_matter_of_rounding(counters: Counters) -> None:
    counters.stat(user=0)
    watch = counters.watch()
    counters.stat(user=1, steal=1)
    assert seen(watch).steal_share == 0.0


def test_a_thread_that_came_meanwhile_counts_and_one_that_went_does_not(counters: Counters) -> None:
    counters.stat(user=0)
    counters.thread(1, ran_s=9.0, waited_s=9.0, count=9)
    watch = counters.watch()
    (counters.proc / "self/task/1/schedstat").unlink()
    counters.thread(2, ran_s=0.3, waited_s=0.1, count=2)
    counters.stat(user=80)
    host = seen(watch)
    assert (host.waiting_share, host.waits) == (0.25, 2)


@pytest.mark.parametrize(
    "text", ["", "cpu  1 2 3\n", "cpu0 1 2 3\n", "cpu0 1 0 0 0 0 0 0 x 0 0\n", "cpu1 1 0 0 0 0 0 0 0 0 0\n"]
)
def test_a_file_in_another_format_is_not_known(counters: Counters, text: str) -> None:
    counters.stat(user=0, text=text)
    counters.thread(1, ran_s=0.0, waited_s=0.0, count=0)
    assert counters.watch().conditions() is None


def test_a_system_without_these_files_says_nothing(counters: Counters) -> None:
    assert counters.watch().conditions() is None


def test_a_container_that_hides_the_threads_leaves_waiting_unknown(counters: Counters) -> None:
    counters.stat(user=0)
    watch = counters.watch()
    counters.stat(user=100, steal=100)
    host = seen(watch)
    assert (host.waiting_share, host.waits) == (None, None)
    assert host.steal_share == round(0.9875 / 1.9875, 4)


@pytest.mark.parametrize(
    ("cgroup", "group", "before", "after"),
    [
        ("0::/\n", "", "nr_throttled 1\nthrottled_usec 1000\n", "nr_throttled 9\nthrottled_usec 401000\n"),
        ("0::/job/part\n", "job", "throttled_usec 0\n", "throttled_usec 400000\n"),
        ("4:memory:/m\n3:cpu,cpuacct:/job\n0::/\n", "cpu/job", "throttled_time 5\n", "throttled_time 400000005\n"),
    ],
)
def test_a_limit_on_processor_time_is_read_of_either_version(
    counters: Counters, cgroup: str, group: str, before: str, after: str
) -> None:
    """Waiting for the limit is not waiting for others."""
    write(counters.proc / "self/cgroup", cgroup)
    counters.stat(user=0)
    counters.thread(1, ran_s=0.0, waited_s=0.0, count=0)
    counters.limit(group, before)
    watch = counters.watch()
    counters.limit(group, after)
    counters.stat(user=90)
    counters.thread(1, ran_s=0.3, waited_s=0.5, count=2)
    host = seen(watch)
    assert host.limited_share == 0.4
    assert host.waiting_share == 0.25


@pytest.mark.parametrize("text", ["", "usage_usec 5\n", "throttled_usec x\n"])
def test_a_group_without_a_limit_says_nothing(counters: Counters, text: str) -> None:
    write(counters.proc / "self/cgroup", "0::/job\n")
    counters.limit("job", text)
    assert counters.watch().conditions() is None


MEASURE = """
import json, os, subprocess, sys, time
from pytest_ascendperf.devices.host_watch import HostWatch

def used_s():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system

processor, children, burnt_s = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
os.sched_setaffinity(0, {processor})
started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(children)]
watch, begun_s = HostWatch(), time.perf_counter()
until = time.thread_time() + burnt_s
while time.thread_time() < until:
    pass
host, elapsed_s = watch.conditions().host, time.perf_counter() - begun_s
for child in started:
    child.kill()
    child.wait()
print(json.dumps([host.waiting_share, host.others_share, host.waits, used_s() / elapsed_s]))
"""


@contextmanager
def busy(processor: int) -> Iterator[None]:
    """Another process that uses all it gets of a processor."""
    program = f"import os; os.sched_setaffinity(0, {{{processor}}}); print('.', flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.send_signal(signal.SIGKILL)


def measured(processor: int, *, children: int, burnt_s: float) -> list[float]:
    arguments = [str(processor), str(children), str(burnt_s)]
    done = subprocess.run([sys.executable, "-c", MEASURE, *arguments], capture_output=True, text=True, check=True)
    values: list[float] = json.loads(done.stdout)
    return values


@needs_counters
def test_a_real_neighbour_on_the_same_processor_is_seen() -> None:
    """Two that want all of one processor share it: whatever else runs there, this process waits for others."""
    processor = min(os.sched_getaffinity(0))
    with busy(processor):
        waiting_share, others_share, waits, _ = measured(processor, children=0, burnt_s=0.5)
    assert waiting_share > 0.25
    assert others_share > 0.25
    assert waits > 10


@needs_counters
def test_real_children_of_the_measured_code_are_no_others() -> None:
    """With nine children of its own on its processor, a process waits nine tenths of the time, and not for others.

    Whatever else runs on this machine: others, the process and its children share one processor. Counted as others,
    too, the children would make it 1.9. What they used before the watch, to start, is some tenth of it.
    """
    processor = min(os.sched_getaffinity(0))
    _, others_share, _, own_share = measured(processor, children=9, burnt_s=0.2)
    assert others_share + own_share < 1.5
