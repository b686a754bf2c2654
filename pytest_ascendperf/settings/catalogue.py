"""Every setting once: its name, its check, its default, its help, and where it may be given."""

from __future__ import annotations

from pytest_ascendperf.settings import checks
from pytest_ascendperf.settings.checks import AUTO
from pytest_ascendperf.settings.setting import Setting

SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="tolerance",
        check=checks.number(0.0, 10.0),
        default=0.05,
        help="relative slowdown allowed; 0.05 is 5 %%",
        metavar="RATIO",
        ini_type="float",
        marker=True,
    ),
    Setting(
        name="min_change_us",
        check=checks.number(0.0),
        default=1.0,
        help="a difference below this many microseconds never fails",
        metavar="US",
        ini_type="float",
        marker=True,
    ),
    Setting(
        name="warmup",
        check=checks.count_or_auto(0),
        default=None,
        help="warm-up calls before sampling; auto: until the rounds show no trend",
        metavar="CALLS",
        ini_type="int",
        marker=True,
    ),
    Setting(
        name="max_warmup_s",
        check=checks.number(0.0),
        default=2.0,
        help="bound on the seconds of an automatic warm-up",
        metavar="SECONDS",
        ini_type="float",
        marker=True,
    ),
    Setting(
        name="max_wait_s",
        check=checks.number(0.0),
        default=5.0,
        help="bound on the seconds that one measured call waits for its core to be at full speed; 0: does not wait and "
        "does not look",
        metavar="SECONDS",
        ini_type="float",
        marker=True,
    ),
    Setting(
        name="rounds",
        check=checks.count_or_auto(1),
        default=None,
        help="rounds to sample; auto: until precision or budget_s is reached",
        metavar="ROUNDS",
        ini_type="int",
        marker=True,
    ),
    Setting(
        name="budget_s",
        check=checks.number(0.0, open_low=True),
        default=1.0,
        help="seconds after which no further round of one measured call is started",
        metavar="SECONDS",
        ini_type="float",
        marker=True,
    ),
    Setting(
        name="precision",
        check=checks.number(0.0, 1.0),
        default=0.005,
        help="sampling may end when the 95 %% interval of the median is this narrow, as a relative half-width",
        metavar="RATIO",
        ini_type="float",
        marker=True,
    ),
    Setting(
        name="max_spread",
        check=checks.number(0.0, open_low=True),
        default=0.5,
        help="a session whose middle half of rounds spreads over more than this share of their median is invalid",
        metavar="RATIO",
        ini_type="float",
        marker=True,
    ),
    Setting(
        name="threads",
        check=checks.count_or_auto(1),
        default=None,
        help="compute threads while measuring; auto: as they are",
        metavar="THREADS",
        ini_type="int",
        marker=True,
    ),
    Setting(
        name="cache",
        check=checks.cache,
        default="warm",
        help="warm: the device's caches as successive calls leave them; cold: flushed before each call",
        metavar="warm|cold",
        ini_type="string",
        marker=True,
    ),
    Setting(
        name="kernels",
        check=checks.kernels,
        default="always",
        help="when to record which kernels ran; always: compare them with the baseline's; regressed: only to say "
        "which kernel a slowdown comes from; never",
        metavar="WHEN",
        ini_type="string",
        marker=True,
    ),
    Setting(
        name="fusion",
        check=checks.pattern_names,
        default=(),
        help="fusion patterns that must take effect, such as ['matmul+bias+act']",
        metavar="",
        ini_type="string",
        marker=True,
        test_only=True,
    ),
    Setting(
        name="max_kernels",
        check=checks.count_or_none(1),
        default=None,
        help="most kernels that one call may run",
        metavar="",
        ini_type="int",
        marker=True,
        test_only=True,
    ),
    Setting(
        name="fusion_patterns",
        check=checks.text,
        default=None,
        help="file of fusion patterns of your own, in TOML; they are added to the built-in ones",
        metavar="FILE",
        ini_type="string",
        is_path=True,
    ),
    Setting(
        name="device",
        check=checks.device,
        default="auto",
        help="device to measure on: npu, cuda, cpu, scripted, npu:1 for a certain one, or auto for the first that is "
        "there",
        metavar="DEVICE",
        ini_type="string",
    ),
    Setting(
        name="baselines",
        check=checks.text,
        default="baselines",
        help="folder of the baselines; in the ini file it counts from the root directory",
        metavar="DIR",
        ini_type="string",
        is_path=True,
    ),
    Setting(
        name="sessions",
        check=checks.count(1),
        default=5,
        help="sessions to record for a baseline, each a fresh process",
        metavar="K",
        ini_type="int",
    ),
    Setting(
        name="confirm_sessions",
        check=checks.count(2),
        default=5,
        help="most fresh processes that confirm a slowdown before it fails; a clear case takes two or three",
        metavar="M",
        ini_type="int",
    ),
    Setting(
        name="budget",
        check=checks.time_span,
        default=None,
        help="time for all measured tests of the run together, such as 20m, 90s or 1h30m; it goes where it decides "
        "most, and what it does not reach is inconclusive, never passed (default: no bound)",
        metavar="TIME",
        ini_type="string",
    ),
    Setting(
        name="against_sessions",
        check=checks.count(3),
        default=20,
        help="with --ascendperf-against: most fresh pairs of processes that decide about a test that looks slower, "
        "or that is left open and fails for it",
        metavar="M",
        ini_type="int",
    ),
    Setting(
        name="against_timeout_s",
        check=checks.number(0.0, open_low=True),
        default=600.0,
        help="with --ascendperf-against: seconds of silence after which a process counts as hanging",
        metavar="SECONDS",
        ini_type="float",
    ),
    Setting(
        name="fail_on",
        check=checks.statuses,
        default=frozenset({"regressed"}),
        help="statuses that fail a test, separated by commas",
        metavar="STATUS,...",
        ini_type="string",
    ),
    Setting(
        name="strict",
        check=checks.flag,
        default=False,
        help="fail on every status but pass and improved, and end with status 6 when nothing was measured",
        metavar="",
        ini_type="bool",
    ),
    Setting(
        name="lock_timeout_s",
        check=checks.number(0.0),
        default=1800.0,
        help="seconds to wait for a device that another process measures on",
        metavar="SECONDS",
        ini_type="float",
    ),
    Setting(
        name="lock_dir",
        check=checks.text,
        default=None,
        help="folder of the device locks, shared by all that use the device (default: in the temporary folder)",
        metavar="DIR",
        ini_type="string",
        is_path=True,
    ),
)

RUN_SETTINGS: tuple[Setting, ...] = tuple(setting for setting in SETTINGS if not setting.test_only)
"""The settings that options, environment variables and the ini file give."""

MARKER_SETTINGS: dict[str, Setting] = {setting.name: setting for setting in SETTINGS if setting.marker}
"""The settings that ``@pytest.mark.npu_perf`` and ``npu_perf.case`` take, by name."""


def settings_table() -> list[tuple[str, str, str, str]]:
    """Rows of the documentation: option, where else it may be given, default, meaning."""
    rows = []
    for setting in SETTINGS:
        places = [] if setting.test_only else [f"`{setting.variable}`", f"ini `{setting.dest}`"]
        if setting.marker:
            places.insert(0, f"marker `{setting.name}=`")
        option = "(a test's own)" if setting.test_only else f"`{setting.option}`"
        rows.append((option, ", ".join(places), default_text(setting), setting.help.replace("%%", "%")))
    return rows


def default_text(setting: Setting) -> str:
    """The built-in default as a user would write it."""
    if setting.default is None:
        return AUTO if setting.ini_type == "int" and not setting.test_only else ""
    if setting.default == ():
        return ""
    if isinstance(setting.default, frozenset):
        return ",".join(sorted(setting.default))
    if isinstance(setting.default, bool):
        return "no" if not setting.default else "yes"
    return f"{setting.default:g}" if isinstance(setting.default, float) else str(setting.default)
