"""Measures questions over generated estates: reading, building the indexes, answers a second. See README.md here."""

import argparse
import gc
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rbac_audit.answers.batch import Question, answer_all
from rbac_audit.audit.estate import Estate, View
from rbac_audit.sources import SourceSpec, read_estate

sys.path.insert(0, str(Path(__file__).parent))
from generate import generate  # beside this file

SIZES, MILLION, QUESTIONS = (10_000, 100_000), 1_000_000, 100_000
MIB = 1024 if sys.platform != "darwin" else 1024 * 1024
ASKED = (
    ("get", "", "secrets", ""),
    ("list", "kubevirt.io", "virtualmachines", ""),
    ("get", "subresources.kubevirt.io", "virtualmachineinstances", "console"),
    ("create", "rbac.authorization.k8s.io", "rolebindings", ""),
    ("delete", "harvesterhci.io", "virtualmachineimages", ""),
)


def questions(view: View, count: int) -> list[Question]:
    """Ask about users, members of groups and service accounts that exist, in namespaces that exist."""
    chosen = random.Random(1)
    users = [person.user for person in view.people.all] or ["nobody"]
    places = sorted({binding.namespace for binding in view.access.bindings})
    return [
        Question(
            user=chosen.choice(users), verb=verb, api_group=group, resource=resource, subresource=sub, namespace=place
        )
        for verb, group, resource, sub in (chosen.choice(ASKED) for _ in range(count))
        for place in (chosen.choice(places),)
    ]


def measure(folder: Path, bindings: int, count: int) -> dict[str, float]:
    """Read an estate, build its indexes, and answer; times are CPU seconds of this process."""
    started = time.process_time()
    estate = Estate(read_estate([SourceSpec(str(folder))]))
    read = time.process_time()
    (view,) = estate.harvesters
    for index in ("by_subject", "by_role"):
        getattr(view.access, index)
    for index in ("people", "projects", "ownership"):
        getattr(view, index)
    built = time.process_time()
    asked = questions(view, count)
    begun = time.process_time()
    yes = sum(answer.allowed for answer in answer_all(view, asked))
    ended = time.process_time()
    return {
        "bindings": bindings,
        "read_seconds": round(read - started, 2),
        "index_seconds": round(built - read, 2),
        "questions": count,
        "yes": yes,
        "answer_seconds": round(ended - begun, 2),
        "answers_per_second": round(count / (ended - begun)),
        "peak_mebibytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB),
    }


def main() -> None:
    """Measure each size in a process of its own, so that its peak memory is its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--million", action="store_true", help="measure an estate of a million bindings too")
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    parser.add_argument("--folder", type=Path, help="where the estates go while they are measured")
    options = parser.parse_args()
    sizes = [*options.sizes, *([MILLION] if options.million else [])]
    if len(sizes) > 1:
        more = ["--folder", str(options.folder)] if options.folder else []
        for size in sizes:
            own = ["--sizes", str(size), "--questions", str(options.questions), *more]
            subprocess.run([sys.executable, __file__, *own], check=True)
        return
    gc.disable()  # as the command line does
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        generate(Path(folder) / "estate", sizes[0], seed=1)
        print(json.dumps(measure(Path(folder) / "estate", sizes[0], options.questions)), flush=True)


if __name__ == "__main__":
    main()
