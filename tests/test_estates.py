"""Measures on collected clusters: which known faults are found, and what is said of clean ones."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any  # expected.json is untyped

import pytest

from rbac_audit.audit.finding import Confidence, Finding, Severity
from tests.estates import Named, about, at_least, audited, every_rule, mentioned

pytestmark = pytest.mark.no_cover

# The ids of the fact sheet that the list of faults uses, and the rules that find them.
FOUND_BY = {
    "UPG-001": ("kubevirt-only-binding",),
    "UPG-002": ("operator-label-copied",),
    "UPG-003": ("shipped-role-edited",),
    "UPG-004": ("operator-binding-subject-added",),
    "UPG-005": ("shipped-role-edited",),
    "UPG-009": ("dangling-role-ref",),
    "UPG-010": ("shipped-role-edited",),
    "HVP-001": ("public-namespace-default-binding",),
    "HVP-002": ("public-namespace-write",),
    "HVP-003": ("public-namespace-secret",),
    "HVP-005": ("public-namespace-in-project",),
    "HVP-006": ("public-namespace-workload",),
    "HVP-008": ("operator-binding-subject-added", "public-namespace-default-binding"),
    "HVP-009": ("broad-group-binding", "anonymous-access"),
    "TEN-001": ("secrets-readable-by-viewers",),
    "TEN-002": ("cluster-wide-secret-read",),
    "TEN-003": ("cluster-wide-edit",),
    "TEN-004": ("system-project-member",),
    "TEN-005": ("settings-write",),
    "TEN-006": ("settings-read",),
    "TEN-007": ("addons-write",),
    "TEN-010": ("vm-data-copy",),
    "TEN-011": ("device-claims-write", "host-device-shared"),
    "TEN-012": ("vm-network-shared",),
    "TEN-013": ("cross-project-reference",),
    "TEN-014": ("member-of-two-tenants",),
    "TEN-015": ("broad-group-binding", "foreign-service-account"),
    "TEN-016": ("open-ip-pool",),
    "TEN-017": ("project-without-quota",),
    "TEN-018": ("namespace-outside-project",),
    "TEN-019": ("pod-security-off",),
    "TEN-020": ("host-disk-enabled",),
    "TEN-021": ("vm-migration",),
    "TEN-022": ("vm-actions-unguarded",),
    "TEN-023": ("quota-write",),
    "ACC-001": ("cluster-admin-equivalent",),
    "ACC-002": ("guest-cluster-account",),
    "ACC-003": ("missing-service-account",),
    "ACC-004": ("foreign-service-account",),
    "ACC-005": ("long-lived-token",),
    "ACC-006": ("escalation-verbs",),
    "ACC-007": ("aggregation-changed",),
    "ACC-008": ("wildcard-role",),
    "ACC-009": ("ineffective-rule",),
    "ACC-011": ("cluster-admin-equivalent", "many-owners", "wide-group-bound"),
    "ACC-012": ("template-binding-write",),
    "ACC-013": ("locked-role-template-bound", "disabled-user-bound"),
    "ACC-014": ("unknown-subject",),
    "IMP-001": ("registration-url-insecure",),
    "IMP-004": ("leftover-cluster-admin-agent",),
    "IMP-005": ("leftover-cluster-admin-agent",),
    "IMP-007": ("orphaned-rancher-binding",),
    "IMP-007 (forged marker)": ("forged-ownership",),
    "IMP-008": ("orphaned-rancher-binding",),
    "IMP-009": ("leftover-cleanup-account",),
    "CVE-2023-32199": ("orphaned-rancher-binding",),
    "CVE-2026-44947": ("orphaned-rancher-binding",),
    "cluster-scoped rule aggregated into view is promoted": ("promoted-by-aggregation",),
    "orphan / unmanaged": ("orphaned-rancher-binding", "forged-ownership"),
    "dangling subject": ("missing-service-account",),
    "orphan PRTB": ("template-binding-astray",),
    "orphan GRB": ("template-binding-astray",),
    "PRTB for a ServiceAccount": ("service-account-member",),
    "namespace label differs from annotation": ("namespace-project-mismatch",),
    "ACC-010": ("harvester-token-lifetime-unlimited",),
    "IMP-006": ("namespace-project-mismatch",),
    "IMP-012": ("several-managers",),
    "IMP-010": ("several-registration-tokens", "registration-token-readable"),
    "IMP-011": ("provider-label-missing",),
    "CVE-2023-32194": ("namespaces-of-another-group",),
    "CVE-2024-58260": ("duplicate-user",),
    "CVE-2026-41052": ("pod-security-by-members",),
}
# One id, several faults: the same words of the list mean different things.
FAULT_FOUND_BY = {"F73": ("dangling-role-ref", "template-binding-astray")}
# Faults that none of the rules names, and why.
NOT_NAMED = {
    "F16": "the content of a Secret: nothing of it is ever kept, so that it was edited cannot be seen",
}
# Objects of a fault that its rule leaves to another of the same fault.
NOT_MENTIONED = {
    ("F39", "node1-0000-3b-00-0"): "a claim that is there; who may make more is named",
    ("F72", "rb-gh325loyc6"): "rendered from the binding that is named",
    ("F72", "prtb-wrongns-read-only"): "rendered from the binding that is named",
    ("F23", "rb-ayeh7zq6yh"): "rendered from the binding that is named",
    ("F85", "crb-yuny4eecbk"): "one of 18 bindings to the roles that are named",
}
# Ids of a fault whose rule says nothing about the objects of the fault.
OF_ANOTHER_ID = {
    ("F07", "TEN-018"): "the namespace is the object, which F31 has",
    ("F21", "ACC-006"): "view has none of the verbs; that anybody has it is what is wrong",
}
# What is said from medium on about objects that are in no fault, and is true.
ALSO_TRUE = {
    ("guest-cluster-account", "sandbox-rogue3"): "what Harvester made beside the binding of F44",
    ("long-lived-token", "rogue3-token"): "what Harvester made beside the binding of F44",
    ("public-namespace-secret", "golden-builder-qne57"): "cloud-init data of the VM of F18",
    ("secrets-readable-by-viewers", "p-4m8tz"): "the token Secret of F42 is readable to read-only members",
    ("secrets-readable-by-viewers", "p-x7k2q"): "the clean estate says the same",
    ("secrets-readable-by-viewers", "harvester-public"): "F14 and F15 from the side of who reads them",
    ("wildcard-role", "cattle-cleanup-7xk2p"): "the role of F80",
    ("pod-security-off", "cluster-pod-security-standard"): "the clean estate says the same",
}


@cache
def known(shared_data: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((shared_data / "messy-estate/expected.json").read_text("utf-8"))
    return found


def words(rule: str) -> Iterator[str]:
    """The ids in the rule column: the whole text where the table has it, else each id."""
    yield from [rule] if rule in FOUND_BY else re.findall(r"[A-Z]{3}-\d{3}\b|CVE-\d+-\d+", rule)


def rules_of(fault: dict[str, Any], word: str) -> tuple[str, ...]:
    return FAULT_FOUND_BY.get(fault["id"]) or FOUND_BY.get(word, ())


def named(fault: dict[str, Any]) -> set[Named]:
    return {Named(it["folder"], it["kind"], it["namespace"], it["name"]) for it in fault["objects"]}


@pytest.fixture
def messy(shared_data: Path) -> tuple[Finding, ...]:
    return audited(shared_data / "messy-estate").findings


def test_every_rule_of_the_tables_exists() -> None:
    used = {rule for rules in (*FOUND_BY.values(), *FAULT_FOUND_BY.values()) for rule in rules}
    assert used <= {rule.id for rule in every_rule()}


def test_every_fault_has_a_rule_or_a_reason(shared_data: Path) -> None:
    faults = [fault for fault in known(shared_data) if fault["flag"]]
    without = {it["id"] for it in faults if not any(rules_of(it, word) for word in (*words(it["rule"]), ""))}
    assert without == set(NOT_NAMED)


def test_every_fault_is_found_with_its_objects(shared_data: Path, messy: tuple[Finding, ...]) -> None:
    missed = []
    for fault in known(shared_data):
        if not fault["flag"] or fault["id"] in NOT_NAMED:
            continue
        wanted = {rule for word in (*words(fault["rule"]), "") for rule in rules_of(fault, word)}
        seen = {item for finding in messy if finding.rule in wanted for item in mentioned(finding)}
        missed += [(fault["id"], item) for item in named(fault) - seen if (fault["id"], item.name) not in NOT_MENTIONED]
    assert missed == []


def test_each_id_of_a_fault_is_found_by_its_own_rules(shared_data: Path, messy: tuple[Finding, ...]) -> None:
    missed = []
    for fault in known(shared_data):
        for word in words(fault["rule"]):
            wanted = rules_of(fault, word)
            hit = any(f.rule in wanted and not named(fault).isdisjoint(mentioned(f)) for f in messy)
            if fault["flag"] and wanted and not hit and (fault["id"], word) not in OF_ANOTHER_ID:
                missed.append((fault["id"], word, wanted))
    assert missed == []


def test_no_near_miss_is_flagged_for_its_rule(shared_data: Path, messy: tuple[Finding, ...]) -> None:
    wrong = []
    for miss in known(shared_data):
        if miss["flag"]:
            continue
        rules = {rule for word in words(miss["rule"]) for rule in rules_of(miss, word)}
        assert rules, f"{miss['id']}: no rule of ours is meant, so nothing is checked"
        wrong += [(miss["id"], f.rule, f.object) for f in messy if f.rule in rules and about(f) in named(miss)]
    assert wrong == []


def test_nothing_else_is_called_serious(shared_data: Path, messy: tuple[Finding, ...]) -> None:
    faults = {item for fault in known(shared_data) if fault["flag"] for item in named(fault)}
    worst = [finding for finding in messy if finding.severity.rank <= Severity.MEDIUM.rank]
    others = {(finding.rule, finding.object.name) for finding in worst if about(finding) not in faults}
    assert others == set(ALSO_TRUE)


@pytest.mark.parametrize("estate", ["stock-legacy", "stock-aggregated"])
def test_a_clean_estate_has_only_what_harvester_really_exposes(shared_data: Path, estate: str) -> None:
    report = audited(shared_data / estate)
    assert at_least(report, Severity.HIGH) == []
    medium = {(finding.rule, finding.object.kind) for finding in at_least(report, Severity.MEDIUM)}
    assert medium == {("secrets-readable-by-viewers", "Project"), ("pod-security-off", "Setting")}
    assert not report.gaps
    # The estates have no object of these kinds, and so no file of them.
    blind = {(item.rule, item.partly, item.because) for item in report.not_evaluated}
    lacking = ("DataVolume", "VirtualMachineRestore")
    because = tuple(f"no {kind} was read from harvester-cluster" for kind in lacking)
    assert {(rule, partly, tuple(sorted(why))) for rule, partly, why in blind} == {
        ("cross-project-reference", True, because),
        ("rancher-webhook-off", False, ("no ValidatingWebhookConfiguration was read from rancher-local",)),
        ("vulnerable-rancher", True, ("no Deployment was read from rancher-local",)),
    }


def test_both_models_of_rancher_give_the_same_findings(shared_data: Path) -> None:
    legacy, aggregated = (
        [(finding.rule, finding.severity, about(finding), finding.subjects) for finding in audited(folder).findings]
        for folder in (shared_data / "stock-legacy", shared_data / "stock-aggregated")
    )
    assert legacy == aggregated


BUNDLES = {"bundle-k7x2p": "*T20-41-51Z.zip", "bundle-q9w4z": "*T20-41-56Z.zip"}


@pytest.mark.parametrize("name", BUNDLES)
def test_a_support_bundle_says_what_it_lacks(shared_data: Path, name: str) -> None:
    (path,) = (shared_data / "support-bundle").glob(BUNDLES[name])
    report = audited(path)
    assert [cluster.name for cluster in report.estate.clusters] == [name]
    assert report.summary.exit_code == 1
    lacking = {kind for gap in report.gaps for kind in gap.kinds}
    assert {"Secret", "User.management.cattle.io", "RoleTemplate.management.cattle.io"} <= lacking
    blind = {item.rule for item in report.not_evaluated if not item.partly}
    assert {"orphaned-rancher-binding", "forged-ownership", "unknown-subject", "public-namespace-secret"} <= blind
    public = {"public-namespace-write", "public-namespace-default-binding", "public-namespace-extra-binding"}
    assert public <= blind if name == "bundle-k7x2p" else public.isdisjoint(blind)


@pytest.mark.parametrize("name", BUNDLES)
def test_a_support_bundle_does_not_take_unverified_marks_for_false_ones(shared_data: Path, name: str) -> None:
    (path,) = (shared_data / "support-bundle").glob(BUNDLES[name])
    report = audited(path)
    assert not [finding.message for finding in report.findings if "mark of Rancher is not true" in finding.message]
    console = [finding for finding in report.findings if finding.rule == "vm-console-access"]
    tenants = {subject.name for finding in console for subject in finding.subjects}
    assert tenants.isdisjoint({"u-owner1", "u-ro1"}), "members of project Default, by the marks of their bindings"
    assert {finding.confidence for finding in console} == {Confidence.POSSIBLE}
