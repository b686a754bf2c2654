"""Every setting once: its name, its check, its default, its help; and the one function that resolves them.

A value may come from the marker, the command line, the environment, the ini file or the built-in default, and the
first of these that gives one wins. Texts (command line, environment) are converted; marker and ini values keep their
type.

Every pytest run of an environment with this plugin imports this module, measuring or not. Its values are named tuples,
which take a fifth of the time of a dataclass to define.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from pytest_ascendperf.errors import SettingsError

AUTO = "auto"
"""The word for "let the plugin decide", on the command line and in the environment."""

DEVICE_KINDS = ("npu", "cuda", "cpu", "scripted")
"""Every kind of device that exists, in the order in which they are listed to users. Accelerators take a number, too."""

STATUS_NAMES = (
    "pass",
    "regressed",
    "improved",
    "inconclusive",
    "provisional",
    "no_baseline",
    "not_comparable",
    "invalid",
)
"""Values of :class:`~pytest_ascendperf.model.verdict.Status`, spelled here so that options load nothing else."""

STRICT_PASSES = frozenset({"pass", "improved"})
"""The statuses that do not fail a test in strict mode."""


class Setting(NamedTuple):
    """One setting and where it may be given."""

    name: str
    check: Callable[[object], object]
    """Converts a text or checks a typed value; raises ValueError saying what is expected."""
    default: object
    help: str
    metavar: str
    ini_type: Literal["string", "int", "float", "bool"]
    marker: bool = False
    """Whether ``@pytest.mark.npu_perf`` takes it."""
    is_path: bool = False
    """Whether a relative value counts from where it was given: the working directory, or the root directory for ini."""

    @property
    def option(self) -> str:
        """The command-line option."""
        return "--ascendperf-" + self.name.replace("_", "-")

    @property
    def dest(self) -> str:
        """The option's attribute, and the ini key."""
        return "ascendperf_" + self.name

    @property
    def variable(self) -> str:
        """The environment variable."""
        return "ASCENDPERF_" + self.name.upper()

    def read(self, value: object, source: str) -> object:
        """``value`` converted and checked. Raises SettingsError naming ``source``."""
        try:
            return self.check(value)
        except ValueError as error:
            raise SettingsError(source, f"{error}, got {value!r}") from None


def _number(low: float, high: float = math.inf, *, open_low: bool = False) -> Callable[[object], float]:
    bounds = f"more than {low:g}" if open_low else f"from {low:g}"
    expected = f"expected a number {bounds}" + (f" to {high:g}" if math.isfinite(high) else "")

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(expected)
        number = float(value)
        if not math.isfinite(number) or not low <= number <= high or (open_low and number == low):
            raise ValueError(expected)
        return number

    return check


def _count(low: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise ValueError(f"expected a whole number from {low}")
        return value

    return check


def _count_or_auto(low: int) -> Callable[[object], int | None]:
    whole = _count(low)

    def check(value: object) -> int | None:
        if value is None or value == AUTO:
            return None
        try:
            return whole(value)
        except ValueError as error:
            raise ValueError(f"{error} or {AUTO!r}") from None

    return check


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("expected a text that is not empty")
    return value


def _device(value: object) -> str:
    """``auto``, a kind of device, or an accelerator with its number: ``npu:1``."""
    if isinstance(value, str):
        kind, colon, number = value.partition(":")
        if value == AUTO or value in DEVICE_KINDS:
            return value
        if colon and kind in ("npu", "cuda") and number.isascii() and number.isdecimal():
            return value
    raise ValueError(f"expected one of {', '.join((AUTO, *DEVICE_KINDS))}, or one with its number such as npu:1")


def _cache(value: object) -> str:
    if value not in ("warm", "cold"):
        raise ValueError("expected warm or cold")
    return str(value)


def _statuses(value: object) -> frozenset[str]:
    if not isinstance(value, str):
        raise ValueError("expected statuses separated by commas")
    names = [name.strip().lower().replace("-", "_") for name in value.split(",") if name.strip()]
    unknown = [name for name in names if name not in STATUS_NAMES]
    if unknown or not names:
        raise ValueError(f"expected statuses separated by commas, of {', '.join(STATUS_NAMES)}")
    return frozenset(names)


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="tolerance",
        check=_number(0.0, 10.0),
        default=0.05,
        help="relative slowdown allowed; 0.05 is 5 %%",
        metavar="RATIO",
        ini_type="float",
        marker=True,
    ),
    Setting(
        name="min_change_us",
        check=_number(0.0),
        default=1.0,
        help="a difference below this many microseconds never fails",
        metavar="US",
        ini_type="float",
        marker=True,
    ),
    Setting(
        name="warmup",
        check=_count_or_auto(0),
        default=None,
        help="warm-up calls before sampling; auto: until the rounds show no trend",
        metavar="CALLS",
        ini_type="int",
        marker=True,
    ),
    Setting(
        name="max_warmup_s",
        check=_number(0.0),
        default=2.0,
        help="bound on the seconds of an automatic warm-up",
        metavar="SECONDS",
        ini_type="float",
        marker=True,
    ),
    Setting(
        name="rounds",
        check=_count_or_auto(1),
        default=None,
        help="rounds to sample; auto: until precision or budget_s is reached",
        metavar="ROUNDS",
        ini_type="int",
        marker=True,
    ),
    Setting(
        name="budget_s",
        check=_number(0.0, open_low=True),
        default=1.0,
        help="seconds after which no further round is started",
        metavar="SECONDS",
        ini_type="float",
        marker=True,
    ),
    Setting(
        name="precision",
        check=_number(0.0, 1.0),
        default=0.005,
        help="sampling may end when the 95 %% interval of the median is this narrow, as a relative half-width",
        metavar="RATIO",
        ini_type="float",
        marker=True,
    ),
    Setting(
        name="threads",
        check=_count_or_auto(1),
        default=None,
        help="compute threads while measuring; auto: as they are",
        metavar="THREADS",
        ini_type="int",
        marker=True,
    ),
    Setting(
        name="cache",
        check=_cache,
        default="warm",
        help="warm: the device's caches as successive calls leave them; cold: flushed before each call",
        metavar="warm|cold",
        ini_type="string",
        marker=True,
    ),
    Setting(
        name="device",
        check=_device,
        default="auto",
        help="device to measure on: npu, cuda, cpu, scripted, npu:1 for a certain one, or auto for the first that is "
        "there",
        metavar="DEVICE",
        ini_type="string",
    ),
    Setting(
        name="baselines",
        check=_text,
        default="baselines",
        help="folder of the baselines; in the ini file it counts from the root directory",
        metavar="DIR",
        ini_type="string",
        is_path=True,
    ),
    Setting(
        name="sessions",
        check=_count(1),
        default=5,
        help="sessions to record for a baseline, each a fresh process",
        metavar="K",
        ini_type="int",
    ),
    Setting(
        name="confirm_sessions",
        check=_count(2),
        default=5,
        help="fresh processes that must confirm a slowdown before it fails",
        metavar="M",
        ini_type="int",
    ),
    Setting(
        name="fail_on",
        check=_statuses,
        default=frozenset({"regressed"}),
        help="statuses that fail a test, separated by commas",
        metavar="STATUS,...",
        ini_type="string",
    ),
    Setting(
        name="strict",
        check=_flag,
        default=False,
        help="fail on every status but pass and improved, and end with status 6 when nothing was measured",
        metavar="",
        ini_type="bool",
    ),
    Setting(
        name="lock_timeout_s",
        check=_number(0.0),
        default=1800.0,
        help="seconds to wait for a device that another process measures on",
        metavar="SECONDS",
        ini_type="float",
    ),
    Setting(
        name="lock_dir",
        check=_text,
        default=None,
        help="folder of the device locks, shared by all that use the device (default: in the temporary folder)",
        metavar="DIR",
        ini_type="string",
        is_path=True,
    ),
)

MARKER_SETTINGS: dict[str, Setting] = {setting.name: setting for setting in SETTINGS if setting.marker}
"""The settings that ``@pytest.mark.npu_perf`` and ``npu_perf.case`` take, by name."""


class Settings(NamedTuple):
    """All settings of one test, resolved. Meanings and units are those of :data:`SETTINGS`."""

    tolerance: float
    min_change_us: float
    warmup: int | None
    max_warmup_s: float
    rounds: int | None
    budget_s: float
    precision: float
    threads: int | None
    cache: str
    device: str
    baselines: str
    sessions: int
    confirm_sessions: int
    fail_on: frozenset[str]
    strict: bool
    lock_timeout_s: float
    lock_dir: str | None

    @property
    def failing_statuses(self) -> frozenset[str]:
        """The statuses that fail a test."""
        return frozenset(STATUS_NAMES) - STRICT_PASSES if self.strict else self.fail_on


class Sources(NamedTuple):
    """What was given where: setting names to values, absent where nothing was given."""

    marker: Mapping[str, object]
    command_line: Mapping[str, object]
    environment: Mapping[str, str]
    ini: Mapping[str, object]


def resolve(sources: Sources) -> Settings:
    """The settings in force: marker > command line > environment > ini > built-in. Raises SettingsError."""
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        name = setting.name
        if name in sources.marker:
            values[name] = setting.read(sources.marker[name], f"npu_perf({name}=)")
        elif name in sources.command_line:
            values[name] = setting.read(sources.command_line[name], setting.option)
        elif name in sources.environment:
            values[name] = setting.read(from_text(setting, sources.environment[name]), setting.variable)
        elif name in sources.ini:
            values[name] = setting.read(sources.ini[name], f"ini value {setting.dest}")
        else:
            values[name] = setting.default
    return Settings(**values)


def from_text(setting: Setting, text: str) -> object:
    """``text`` in the type that the setting's check expects; unchanged where it does not spell one."""
    if setting.ini_type == "string" or (text == AUTO and setting.default is None):
        return text
    if setting.ini_type == "bool":
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(text.lower(), text)
    try:
        return int(text) if setting.ini_type == "int" else float(text)
    except ValueError:
        return text


def check_keywords(keywords: Mapping[str, object], owner: str) -> None:
    """Check the keywords of a marker or a case, ``owner`` being how its author wrote it. Raises SettingsError."""
    for name, value in keywords.items():
        setting = MARKER_SETTINGS.get(name)
        if setting is None:
            raise SettingsError(f"{owner}({name}=)", _unknown_keyword(name))
        setting.read(value, f"{owner}({name}=)")


def _unknown_keyword(name: str) -> str:
    import difflib

    for setting in SETTINGS:
        if setting.name == name:
            return f"{name!r} is a setting of the whole run; give it as {setting.option} or in the ini file"
    near = difflib.get_close_matches(name, MARKER_SETTINGS, n=1, cutoff=0.5)
    suggestion = f"; did you mean {near[0]!r}?" if near else "."
    return f"unknown keyword {name!r}{suggestion} Valid are: {', '.join(sorted(MARKER_SETTINGS))}."


def settings_table() -> list[tuple[str, str, str, str]]:
    """Rows of the documentation: option, where else it may be given, default, meaning."""
    rows = []
    for setting in SETTINGS:
        places = [f"`{setting.variable}`", f"ini `{setting.dest}`"]
        if setting.marker:
            places.insert(0, f"marker `{setting.name}=`")
        rows.append((f"`{setting.option}`", ", ".join(places), default_text(setting), setting.help.replace("%%", "%")))
    return rows


def default_text(setting: Setting) -> str:
    """The built-in default as a user would write it."""
    if setting.default is None:
        return "" if setting.is_path else AUTO
    if isinstance(setting.default, frozenset):
        return ",".join(sorted(setting.default))
    if isinstance(setting.default, bool):
        return "no" if not setting.default else "yes"
    return f"{setting.default:g}" if isinstance(setting.default, float) else str(setting.default)
