"""Processes that run the command line at once: this one has imported everything, and forks.

It reads a line `{"argv": [...], "out": FILE}` and answers with the process id, then with how that ended.
"""

import json
import os
import sys

import coverage
import kubernetes.client
import kubernetes.config

from rbac_audit.cli import applying, collect, fix, main

MEASURED = "RBAC_AUDIT_MEASURED"
# What a command imports when it is called.
IMPORTED = (applying, collect, fix, kubernetes.client, kubernetes.config)


def child(argv: list[str], out: str) -> None:
    """Become `rbac-audit ARGV`, both streams into a file."""
    with open(out, "ab") as file:  # noqa: PTH123  # before anything else
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["rbac-audit", *argv]
    file_name = os.environ.get(MEASURED)
    measured = coverage.Coverage(data_file=file_name, data_suffix=True) if file_name else None
    if measured:
        measured.start()
    code = 70
    try:
        main.main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 70
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        if measured:
            measured.stop()
            measured.save()
        os._exit(code)


def serve() -> None:
    """Fork for each line of standard input."""
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(wanted["argv"], wanted["out"])
        print(pid, flush=True)  # noqa: T201  # the answer
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)  # noqa: T201


if __name__ == "__main__":
    serve()
