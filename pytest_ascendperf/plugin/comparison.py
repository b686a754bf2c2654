"""What ``npu_perf.compare(a, b)`` returns: how many times faster ``a`` is, and assertions that decide by measuring."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from contextlib import AbstractContextManager

from pytest_ascendperf.errors import SettingsError
from pytest_ascendperf.judge.comparison import decide
from pytest_ascendperf.measure.comparison import PairedRounds
from pytest_ascendperf.model.comparison import Claim, ClaimKind, ComparedCalls, DecidedClaim, Decision
from pytest_ascendperf.report.comparisons import claim_failure
from pytest_ascendperf.settings import checks

DEFAULT_BUDGET_S = 5.0

_check_factor = checks.number(0.0, open_low=True)
_check_share = checks.number(0.0)


class CallComparison:
    """Two calls that are measured in turns in this process.

    >>> npu_perf.compare(fused, unfused, x).assert_faster(by=1.2)               # doctest: +SKIP
    >>> npu_perf.compare(checkpointed, plain, x).assert_not_slower(within=0.4)  # doctest: +SKIP

    All numbers are those of the rounds so far. An assertion that these do not decide measures on, until they do or the
    comparison's budget is over; it fails unless it is shown to hold.
    """

    def __init__(
        self,
        rounds: PairedRounds,
        alone: Callable[[], AbstractContextManager[object]],
        *,
        nodeid: str,
        names: tuple[str, str],
        decides: bool,
    ) -> None:
        self._rounds = rounds
        self._alone = alone
        self._nodeid = nodeid
        self._names = names
        self._decides = decides
        """Off in a process that measures a session for another one, and in a self-check: there, no assertion fails."""
        self._claims: list[DecidedClaim] = []
        with alone():
            rounds.warm_up()
            rounds.sample(rounds.first_look_is_enough if decides else lambda estimate: True)

    @property
    def ratio(self) -> float:
        """Time of the second call per time of the first: how many times faster the first one is."""
        return self._rounds.estimate.ratio

    @property
    def low(self) -> float:
        """Lower end of the interval that holds the true ratio with :attr:`confidence`; 0 before anything is shown."""
        low = self._rounds.estimate.low
        return 0.0 if low is None else low

    @property
    def high(self) -> float:
        """Upper end of that interval; infinite before anything is shown."""
        high = self._rounds.estimate.high
        return math.inf if high is None else high

    @property
    def confidence(self) -> float:
        """Coverage of the interval, however often one looks at it while it narrows."""
        return self.value().confidence

    @property
    def a_us(self) -> float:
        """Median time of the first call, in µs."""
        return self.value().first_us

    @property
    def b_us(self) -> float:
        """Median time of the second call, in µs."""
        return self.value().second_us

    @property
    def rounds(self) -> int:
        """Rounds of each call."""
        return self.value().rounds

    @property
    def seconds(self) -> float:
        """Time that the rounds took, warm-up apart."""
        return self._rounds.seconds

    def assert_faster(self, by: float) -> None:
        """Fail unless the first call is shown to be at least ``by`` times as fast as the second.

        Raises SettingsError for a factor that is not above 0.
        """
        __tracebackhide__ = True
        self._assert(Claim(kind=ClaimKind.FASTER, limit=_checked(_check_factor, by, "assert_faster(by=)")))

    def assert_not_slower(self, within: float) -> None:
        """Fail unless the first call is shown to take at most ``within`` longer than the second: 0.05 is 5 %.

        A call never shows that it is not slower than an equal one, so leave a margin. Raises SettingsError for less
        than 0.
        """
        __tracebackhide__ = True
        self._assert(
            Claim(kind=ClaimKind.NOT_SLOWER, limit=_checked(_check_share, within, "assert_not_slower(within=)"))
        )

    def value(self) -> ComparedCalls:
        """The numbers so far, and the assertions with what became of them."""
        return self._rounds.compared(nodeid=self._nodeid, names=self._names, claims=self._claims)

    def _assert(self, claim: Claim) -> None:
        __tracebackhide__ = True
        if not self._decides:
            return
        with self._alone():
            self._rounds.sample(lambda estimate: decide(claim, estimate) is not Decision.UNDECIDED)
        decision = decide(claim, self._rounds.estimate)
        self._claims.append(DecidedClaim(claim=claim, decision=decision))
        if decision is not Decision.SHOWN:
            raise AssertionError(
                claim_failure(
                    self.value(), claim, decision, budget_s=self._rounds.budget_s, block_s=self._rounds.block_s
                )
            )


def checked_budget_s(budget_s: object) -> float:
    """``budget_s`` of ``npu_perf.compare``. Raises SettingsError unless it is a number above 0."""
    return _checked(_check_factor, budget_s, "npu_perf.compare(budget_s=)")


def call_names(first: Callable[..., object], second: Callable[..., object]) -> tuple[str, str]:
    """What the two are called in texts, told apart. Raises SettingsError for what cannot be called."""
    for position, function in (("first", first), ("second", second)):
        if not callable(function):
            raise SettingsError("npu_perf.compare()", f"the {position} argument cannot be called, got {function!r}")
    names = _name(first), _name(second)
    return (f"{names[0]} (first)", f"{names[1]} (second)") if names[0] == names[1] else names


def _name(function: Callable[..., object]) -> str:
    if isinstance(function, functools.partial):
        return _name(function.func)
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) else type(function).__name__


def _checked(check: Callable[[object], float], value: object, source: str) -> float:
    try:
        return check(value)
    except ValueError as error:
        raise SettingsError(source, f"{error}, got {value!r}") from None
