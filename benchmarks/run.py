"""Measures `rbac-audit audit` beside what it cannot do without: see README.md here for what the numbers mean."""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
SIZES, MILLION = (1_000, 10_000, 100_000), 1_000_000
REPEATED_UP_TO = 10_000
STARTS = 5
MIB = 1024 * 1024
# Clean, findings, gaps: the audit ran to its end.
FINISHED = frozenset({0, 1, 3})


@dataclass(frozen=True)
class Usage:
    """What one process took: wall-clock and CPU seconds, peak resident bytes, and what it printed."""

    seconds: float
    cpu: float
    peak: int
    output: str


@dataclass(frozen=True)
class Row:
    """One estate: the audit beside the floor, measured one after the other on the same files."""

    bindings: int
    objects: int
    megabytes: float
    floor_seconds: float
    audit_seconds: float
    time_ratio: float
    floor_mebibytes: float
    audit_mebibytes: float
    memory_ratio: float


def measure(command: list[str], finished: frozenset[int] = frozenset({0})) -> Usage:
    """Run a command to its end; raises SystemExit with the last lines of what it said where it failed.

    The peak is that of this one child (wait4), not of all children so far. Linux counts what the child shares with
    this process before it starts the command, so this process must stay small.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode not in finished:
            raise SystemExit(f"{shlex.join(command)}: exit code {child.returncode}\n{err.read().decode()[-2000:]}")
        cpu = usage.ru_utime + usage.ru_stime
        return Usage(seconds, cpu, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024), out.read().decode())


def best(command: list[str], times: int, finished: frozenset[int] = frozenset({0})) -> Usage:
    """Run a command several times and keep the fastest run."""
    return min((measure(command, finished) for _ in range(times)), key=lambda usage: usage.seconds)


def compare(bindings: int, folder: Path, audit: list[str], seed: int) -> Row:
    """Generate an estate, then measure the floor and the audit on it."""
    estate, report = folder / "estate", folder / "report.json"
    measure([sys.executable, str(HERE / "generate.py"), str(bindings), str(estate), "--seed", str(seed)])
    times = 3 if bindings <= REPEATED_UP_TO else 1
    floor = best([sys.executable, str(HERE / "floor.py"), str(estate)], times)
    audited = best([*audit, "audit", str(estate), "--format", "json", "-o", str(report)], times, FINISHED)
    if not report.is_file():
        raise SystemExit(f"{shlex.join(audit)}: wrote no report to {report}")
    return Row(
        bindings=bindings,
        objects=int(floor.output),
        megabytes=round(sum(path.stat().st_size for path in estate.glob("*/*.json")) / 1e6, 1),
        floor_seconds=round(floor.seconds, 3),
        audit_seconds=round(audited.seconds, 3),
        time_ratio=round(audited.seconds / floor.seconds, 2),
        floor_mebibytes=round(floor.peak / MIB, 1),
        audit_mebibytes=round(audited.peak / MIB, 1),
        memory_ratio=round(audited.peak / floor.peak, 2),
    )


def start_up(audit: list[str]) -> dict[str, float]:
    """Compare `rbac-audit --help` with a Python that only imports click, the best of five each."""
    helped, floor = best([*audit, "--help"], STARTS), best([sys.executable, "-c", "import click"], STARTS)
    return {
        "click_seconds": round(floor.seconds, 3),
        "help_seconds": round(helped.seconds, 3),
        "start_up_ratio": round(helped.seconds / floor.seconds, 2),
    }


def show(fields: dict[str, float], *, as_json: bool, first: bool) -> None:
    """Print one row of the table, under its heading where it is the first, or one JSON line."""
    if as_json:
        print(json.dumps(fields), flush=True)
        return
    if first:
        print("  ".join(fields))
    print("  ".join(f"{value:>{len(name)},}" for name, value in fields.items()), flush=True)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true", help="measure an estate of a million bindings too")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of bindings")
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of a table")
    parser.add_argument("--seed", type=int, default=1, help="seed of the generated estates")
    parser.add_argument("--command", default=shlex.join([sys.executable, "-m", "rbac_audit"]), help="what to measure")
    parser.add_argument("--folder", type=Path, help="where the estates go while they are measured (several GB)")
    return parser.parse_args()


def main() -> None:
    """Measure start-up, then one estate after the other."""
    options = arguments()
    audit = shlex.split(options.command)
    show(start_up(audit), as_json=options.json, first=True)
    for number, bindings in enumerate([*options.sizes, *([MILLION] if options.million else [])]):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            show(asdict(compare(bindings, Path(folder), audit, options.seed)), as_json=options.json, first=not number)


if __name__ == "__main__":
    main()
