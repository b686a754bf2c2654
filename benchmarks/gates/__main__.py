"""The commands. ``python -m benchmarks.gates short`` installs, runs for about ten minutes, and reports."""

from __future__ import annotations

import argparse
import json
import math
import sys
from datetime import date
from pathlib import Path

from .installation import PROJECT, install, is_current, is_inside, is_same_bench, machine, python_of, run_inside

SCENARIOS = ("quiet", "loaded")
SLOWDOWNS = (0, 1, 2, 3, 5, 10, 20)
NOT_IN_SHORT = ("benchmatrix, paired",)
"""Gates that need longer for one decision than the short form has for all."""


def main() -> int:
    """Install where asked or needed, and do the rest inside the installed environment."""
    options = _options()
    home: Path = options.home.resolve()
    measures = options.command in ("short", "long")
    outdated = measures and not is_inside(home) and not is_current(home)
    if options.command == "setup" or outdated or not python_of(home).exists():
        print("Installing the gates.", flush=True)
        install(home)
    if options.command == "setup":
        return 0
    if not is_inside(home):
        return run_inside(home, sys.argv[1:])
    if options.command == "verify":
        from .injection import verify
        from .suite_repository import LOADS

        return verify(options.works or LOADS, SLOWDOWNS[1:], options.seconds)
    if measures:
        _run(options, home)
    _report(home / options.name)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gates", description=__doc__)
    parser.add_argument("--home", type=Path, default=PROJECT / "build" / "gates", help="folder for everything")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("setup", help="install the gates and this project, or bring this project up to date")
    verify = commands.add_parser("verify", help="check that injected slowdowns are what they say")
    verify.add_argument("--seconds", type=float, default=20.0, help="for each work (default: %(default)s)")
    verify.add_argument("--works", nargs="+", metavar="WORK", help="only these")
    for name, unchanged, slowed, side_s in (("short", 8, 8, 0.3), ("long", 600, 200, 1.0)):
        short = name == "short"
        run = commands.add_parser(name, help=f"run the {name} form; again to continue after an interruption")
        run.add_argument("--name", default=name, help="folder of the results in the home folder")
        run.add_argument("--gates", nargs="+", metavar="GATE", help="only these")
        run.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=SCENARIOS[: 1 if short else None])
        run.add_argument("--slowdowns", nargs="+", type=int, default=[0, 10] if short else list(SLOWDOWNS))
        run.add_argument("--unchanged", type=int, default=unchanged, help="A/A decisions (default: %(default)s)")
        run.add_argument("--slowed", type=int, default=slowed, help="decisions at each slowdown (default: %(default)s)")
        run.add_argument("--copies", type=int, default=1, help="tests for each work (default: %(default)s)")
        run.add_argument("--side-s", type=float, default=side_s, help="seconds for a test and side")
        run.add_argument("--tolerance", type=int, default=2, help="per cent, of this project's gate")
        run.add_argument("--seed", type=int, default=20250)
    report = commands.add_parser("report", help="write the tables and the plot again")
    report.add_argument("--name", default="long")
    return parser.parse_args()


def _run(options: argparse.Namespace, home: Path) -> None:
    from filelock import FileLock, Timeout

    from .drivers import all_gates
    from .plan import Settings
    from .records import Journal
    from .running import run_plan
    from .suite_repository import LOADS

    gates = all_gates(options.tolerance)
    unknown = sorted(set(options.gates or ()) - set(gates))
    if unknown:
        sys.exit(f"unknown gates: {', '.join(unknown)}. Known: {'; '.join(gates)}")
    usual = [name for name in gates if options.command == "long" or name not in NOT_IN_SHORT]
    asked = tuple(options.gates or usual)
    absent = {name: reason for name in asked if (reason := gates[name].unavailable()) is not None}
    for name, reason in absent.items():
        print(f"left out: {name}: {reason}", file=sys.stderr)
    tests = options.copies * len(LOADS)
    settings = Settings(
        gates=tuple(name for name in asked if name not in absent),
        scenarios=tuple(options.scenarios),
        slowdowns=tuple(options.slowdowns),
        unchanged_blocks=math.ceil(options.unchanged / tests),
        slowed_blocks=math.ceil(options.slowed / tests),
        copies=options.copies,
        side_s=options.side_s,
        tolerance_percent=options.tolerance,
        seed=options.seed,
    )
    folder = home / options.name
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        sys.exit(f"another process is running the benchmark in {folder}")
    description = folder / "run.json"
    if description.exists():
        earlier = json.loads(description.read_text(encoding="utf-8"))
        if earlier["settings"] != settings.shape() or not is_same_bench(earlier["machine"], machine()):
            sys.exit(
                f"{folder} holds a run of other sources, on another machine or with other settings. Give this one "
                "another --name."
            )
    else:
        facts = {"date": date.today().isoformat(), "machine": machine(), "settings": settings.shape()}
        description.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    run_plan(settings, gates, folder, Journal(folder / "records.jsonl"))


def _report(folder: Path) -> None:
    from .plot import plot
    from .records import Journal
    from .report import curve_percent, document, markdown
    from .scoring import scores

    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    facts = {"date": run["date"], **run["machine"], **run["settings"]}
    records = Journal(folder / "records.jsonl").read()
    found = scores(records)
    text = markdown(facts, records, found)
    (folder / "results.md").write_text(text, encoding="utf-8")
    (folder / "results.json").write_text(document(facts, records, found), encoding="utf-8")
    slowdown = curve_percent(found)
    if slowdown is not None:
        for ending in ("png", "svg"):
            plot(found, records, slowdown, folder / f"results.{ending}")
    print(text)
    print(f"Written to {folder}: results.md, results.json, results.png, results.svg")


if __name__ == "__main__":
    sys.exit(main())
