"""The same estate, written down in any order, is the same report to the byte."""

import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any  # manifests are untyped

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rbac_audit.audit.build import Run, build_report
from rbac_audit.audit.estate import Estate
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.audit.filters import Filters
from rbac_audit.audit.finding import Severity
from rbac_audit.audit.report import Report
from rbac_audit.cli.policies import load_policies
from rbac_audit.report import json_format
from rbac_audit.snapshot.file import digest
from rbac_audit.sources import SourceSpec, read_estate
from tests.conftest import ROOT
from tests.estates import every_rule

pytestmark = pytest.mark.no_cover

CLUSTERS = ("harvester", "rancher")
Items = list[dict[str, Any]]


@cache
def items(cluster: str) -> Items:
    files = sorted((ROOT / "examples/lived-in" / cluster).glob("*.yaml"))
    return [raw for file in files for raw in yaml.load_all(file.read_text("utf-8"), yaml.CSafeLoader)]


def audited(folder: Path, clusters: dict[str, Items], order: tuple[str, ...] = CLUSTERS) -> Report:
    sources = []
    for name in order:
        path = folder / f"{name}.json"
        # Times are no texts in YAML, as which they stand in JSON.
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": clusters[name]}, default=str), "utf-8")
        sources.append(SourceSpec(str(path), name))
    snapshot = read_estate(sources)
    estate = Estate(snapshot)
    run = Run("0", "2026-11-25", digest(snapshot), Severity.LOW)
    return build_report(estate, evaluate(estate, every_rule()), every_rule(), load_policies()[1], Filters(), run)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    folder = tmp_path_factory.mktemp("estate")
    return folder, audited(folder, {name: items(name) for name in CLUSTERS})


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers())
def test_the_order_of_objects_and_sources_does_not_matter(usual: tuple[Path, Report], seed: int) -> None:
    random = Random(seed)
    folder, report = usual
    shuffled = {name: random.sample(items(name), len(items(name))) for name in CLUSTERS}
    again = audited(folder, shuffled, tuple(random.sample(CLUSTERS, 2)))
    assert json_format.render(again) == json_format.render(report)


def test_uids_versions_and_unrelated_objects_change_no_finding(usual: tuple[Path, Report], tmp_path: Path) -> None:
    """UIDs that an owner reference names are left: they are content."""
    referred = {
        ref["uid"] for name in CLUSTERS for raw in items(name) for ref in raw["metadata"].get("ownerReferences", ())
    }

    def touched(raw: dict[str, Any], number: int) -> dict[str, Any]:
        metadata = {**raw["metadata"], "resourceVersion": str(number)}
        if metadata.get("uid") not in referred:
            metadata["uid"] = f"uid-{number}"
        return {**raw, "metadata": metadata}

    clusters = {name: [touched(raw, number) for number, raw in enumerate(items(name))] for name in CLUSTERS}
    clusters["harvester"].append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "unrelated"}})
    report = usual[1]
    again = audited(tmp_path, clusters)
    assert [it.fingerprint for it in again.findings] == [it.fingerprint for it in report.findings]
    assert again.estate.digest != report.estate.digest


def test_fingerprints_tell_all_findings_apart(usual: tuple[Path, Report]) -> None:
    found = [finding.fingerprint for finding in usual[1].findings]
    assert len(set(found)) == len(found) > 0
