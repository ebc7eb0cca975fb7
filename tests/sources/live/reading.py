"""Collecting as the command does it, with the limits of a test."""

from collections.abc import Sequence
from pathlib import Path

from rbac_audit.snapshot.estate import Snapshot
from rbac_audit.snapshot.file import read_snapshot
from rbac_audit.snapshot.objects import Kind
from rbac_audit.sources.live.collect import Order, collect
from rbac_audit.sources.live.kinds import live_kinds
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.live.target import Target
from rbac_audit.sources.live.ways import Context

FAST = Limits(first_delay=0.01, longest_delay=0.05, connect_seconds=2, silence_seconds=2, kind_seconds=20, qps=999)


def read(config: Path, limits: Limits = FAST, *names: str, kinds: Sequence[Kind] = live_kinds()) -> Snapshot:
    """Read contexts of a kubeconfig into a snapshot."""
    targets = [Target(name, Context(name, config)) for name in names or ["lab"]]
    output = config.with_name("estate.jsonl")
    collect(targets, Order(kinds), limits, output, lambda _: None)
    snapshot = read_snapshot(output)
    assert "kanarie" not in repr(snapshot.gaps)
    return snapshot
