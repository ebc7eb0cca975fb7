"""Objects of Rancher's that somebody changed."""

import msgspec
import pytest

from rbac_audit.audit.finding import Confidence, Finding, Severity
from rbac_audit.rules.rancher_object_tampered import RULE
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    Metadata,
    PolicyRule,
    RancherSetting,
    Role,
    RoleBinding,
    Subject,
)
from tests.rancher.rendering.test_render import DOWN, MODELS
from tests.rancher.settled import RBAC, Sides, binding, bindings, estate_of, member, put, settled
from tests.rules.estate import found

EVE = Subject(kind="User", name="u-eve", api_group=RBAC)
SECRETS = PolicyRule(verbs=("list",), api_groups=("",), resources=("secrets",))
EVERYTHING = PolicyRule(verbs=("*",), api_groups=("*",), resources=("*",))


def findings(sides: Sides) -> list[Finding]:
    return found(RULE, estate_of(sides))


def with_eve(item: RoleBinding | ClusterRoleBinding) -> RoleBinding | ClusterRoleBinding:
    return msgspec.structs.replace(item, subjects=(*item.subjects, EVE))


@MODELS
def test_what_rancher_wrote_is_clean(aggregated: bool) -> None:
    assert findings(settled(aggregated=aggregated)) == []


@MODELS
def test_somebody_who_was_added_to_a_binding(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    before = binding(sides, "shop-dev", member(aggregated))
    [finding] = findings(put(sides, with_eve(before)))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, f"RoleBinding shop-dev/{before.name}")
    assert [str(subject) for subject in finding.subjects] == ["User:u-eve"]
    assert [str(item) for item in finding.related] == [f"ProjectRoleTemplateBinding {DOWN}-p-x1y2z/devs"]
    assert finding.scope.namespaces == ("shop-dev",)


@MODELS
def test_somebody_who_was_added_to_the_administrators_is_critical(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    [admin] = [item for item in bindings(sides) if item.role_ref.name == "cluster-admin"]
    [finding] = findings(put(sides, with_eve(admin)))
    assert finding.severity is Severity.CRITICAL
    assert [str(item) for item in finding.related] == ["GlobalRoleBinding grb-admin"]


@MODELS
def test_another_subject_instead_is_told_with_whom_it_lacks(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    before = binding(sides, "shop-dev", member(aggregated))
    [finding] = findings(put(sides, msgspec.structs.replace(before, subjects=(EVE,))))
    assert "and lacks User:u-abc12" in finding.message


@MODELS
@pytest.mark.parametrize(
    ("rules", "severity", "words"),
    [
        ((SECRETS,), Severity.HIGH, "also allows list on secrets in core"),
        ((EVERYTHING,), Severity.CRITICAL, "also allows"),
        ((), Severity.MEDIUM, "does not allow get on secrets in core"),
    ],
)
def test_a_role_with_other_rules(
    aggregated: bool, rules: tuple[PolicyRule, ...], severity: Severity, words: str
) -> None:
    sides = settled(aggregated=aggregated)
    role = sides["harvester"][RBAC, "ClusterRole", "", "keeper"]
    assert isinstance(role, ClusterRole)
    told = findings(put(sides, msgspec.structs.replace(role, rules=rules)))
    [finding] = [item for item in told if item.object.name == "keeper"]
    assert finding.severity is severity
    assert words in finding.message


@pytest.mark.parametrize(("rule", "severity"), [(SECRETS, Severity.HIGH), (EVERYTHING, Severity.CRITICAL)])
def test_a_foreign_role_that_feeds_an_aggregator(rule: PolicyRule, severity: Severity) -> None:
    sides = settled(aggregated=True)
    metadata = Metadata(name="innocent", labels={"management.cattle.io/aggregates": "viewer"})
    [finding] = findings(put(sides, ClusterRole(metadata=metadata, rules=(rule,))))
    assert (finding.severity, str(finding.object)) == (severity, "ClusterRole innocent")
    assert "management.cattle.io/aggregates=viewer" in finding.message


@pytest.mark.parametrize(
    ("version", "confidence", "roles"),
    [
        ("v2.15.0", Confidence.CERTAIN, True),
        ("v2.9.3", Confidence.POSSIBLE, False),
        ("", Confidence.CERTAIN, True),
    ],
)
def test_of_an_old_release_the_rules_of_roles_are_not_known(version: str, confidence: Confidence, roles: bool) -> None:
    sides = settled(aggregated=False)
    setting = RancherSetting(metadata=Metadata(name="server-version"), value=version)
    sides = put(sides, setting, "rancher")
    role = sides["harvester"][RBAC, "ClusterRole", "", "keeper"]
    assert isinstance(role, ClusterRole)
    [finding] = findings(put(sides, msgspec.structs.replace(role, rules=(*role.rules, SECRETS))))
    assert finding.confidence is confidence
    [own] = [
        item for item in sides["rancher"].values() if isinstance(item, Role) and item.name == "p-x1y2z-projectmember"
    ]
    told = findings(put(sides, msgspec.structs.replace(own, rules=(*own.rules, SECRETS)), "rancher"))
    assert bool(told) is roles
