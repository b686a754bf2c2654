"""The pytest plugin: hooks that every run calls, kept so thin that a run which measures nothing does not notice them.

What costs anything (the gate, the reports, numpy, torch) is loaded when the first marked test has been collected, or,
on xdist's controller, when the first of its reports arrives.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from pytest_ascendperf.plugin.against.request import AGAINST_KEY, against_request, check_combination
from pytest_ascendperf.plugin.marker import FIXTURE, MARKED_KEY, MARKER_HELP, asks_to_be_measured, leave_marks
from pytest_ascendperf.plugin.options import add_options, check_given
from pytest_ascendperf.plugin.run import Run
from pytest_ascendperf.plugin.session_request import is_fresh_session

if TYPE_CHECKING:
    from pytest_ascendperf.devices.base import Device
    from pytest_ascendperf.plugin.fixture import NpuPerf
    from pytest_ascendperf.plugin.gate import Gate

_CHECKED_MARKS_KEY = pytest.StashKey[dict[int, pytest.Mark]]()
_GATE_KEY: pytest.StashKey[Gate] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; refuse settings that cannot be used."""
    config.addinivalue_line("markers", MARKER_HELP)
    config.stash[_CHECKED_MARKS_KEY] = {}
    check_given(config)
    if against_request(config) is not None:
        _add_base(config)
    if not hasattr(config, "workerinput") and not is_fresh_session(config):
        config.pluginmanager.register(Run(config), "ascendperf-run")


def _add_base(config: pytest.Config) -> None:
    """Bring in what compares with a base. Raises pytest.UsageError where that cannot be done."""
    from pytest_ascendperf.errors import AgainstError
    from pytest_ascendperf.plugin.against.gate import AgainstGate

    check_combination(config)
    request = against_request(config)
    if request is None or config.option.collectonly:
        return
    try:
        config.stash[AGAINST_KEY] = gate = AgainstGate(config, request)
    except AgainstError as error:
        raise pytest.UsageError(f"ascendperf: {error}") from None
    config.pluginmanager.register(gate, "ascendperf-against")


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class) -> Generator[None, object, object]:
    """Check the markers of what was just collected, where an error still names the test."""
    result = yield
    leave_marks(result, collector.config.stash[_CHECKED_MARKS_KEY])
    return result


@pytest.hookimpl(tryfirst=True)  # the terminal asks for the header in the same hook
def pytest_collection_finish(session: pytest.Session) -> None:
    """Bring in the gate where a collected test asks to be measured."""
    config = session.config
    marked = [item for item in session.items if asks_to_be_measured(item)]
    if marked and AGAINST_KEY in config.stash:
        config.stash[AGAINST_KEY].open(marked)
    elif marked and not config.option.collectonly:
        from pytest_ascendperf.plugin.gate import open_gate

        config.stash[_GATE_KEY] = gate = open_gate(config, suite_tests=len(marked))
        config.pluginmanager.register(gate, "ascendperf-gate")


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """The header, where this process measures."""
    return config.stash[_GATE_KEY].header() if _GATE_KEY in config.stash else []


@pytest.fixture
def npu_perf(request: pytest.FixtureRequest) -> NpuPerf:
    """Measure a call: ``npu_perf(fn, *args)`` returns what ``fn`` returns; ``npu_perf.case("name")(fn, *args)``."""
    if MARKED_KEY not in request.node.stash or FIXTURE not in request.fixturenames:
        pytest.fail(
            "npu_perf must be a parameter of the test: collection did not see that the test asks for it",
            pytrace=False,
        )
    return request.config.stash[_GATE_KEY].fixture_of(request.node)


@pytest.fixture(scope="session")
def npu_perf_device(request: pytest.FixtureRequest) -> Device:
    """The device that this run measures on; for fixtures that build models: ``.to(npu_perf_device.torch_name)``."""
    from pytest_ascendperf.plugin.bench import Bench

    return Bench.of(request.config).device
