"""Bindings that have a name of Rancher's and are not Rancher's."""

from rbac_audit.audit.finding import Finding, Severity
from rbac_audit.rules.blocked_by_raw_binding import RULE
from rbac_audit.snapshot.objects import Subject
from tests.rancher.rendering.test_render import DOWN, MODELS
from tests.rancher.settled import ALICE, Sides, binding, estate_of, member, put, raw, settled, without
from tests.rules.estate import found


def findings(sides: Sides) -> list[Finding]:
    return found(RULE, estate_of(sides))


@MODELS
def test_a_binding_to_another_role_in_the_place_of_rancher_s(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    wanted = binding(sides, "shop-dev", member(aggregated))
    [finding] = findings(put(sides, raw(wanted.name, "shop-dev", "view", ALICE)))
    assert (finding.severity, str(finding.object)) == (Severity.MEDIUM, f"RoleBinding shop-dev/{wanted.name}")
    assert [str(item) for item in finding.related] == [f"ProjectRoleTemplateBinding {DOWN}-p-x1y2z/devs"]
    assert finding.scope.namespaces == ("shop-dev",)


@MODELS
def test_the_same_content_without_the_mark_is_low(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    wanted = binding(sides, "shop-dev", member(aggregated))
    [finding] = findings(put(sides, raw(wanted.name, "shop-dev", wanted.role_ref.name, ALICE)))
    assert finding.severity is Severity.LOW
    assert "gives the same but is not Rancher's" in finding.message


@MODELS
def test_another_name_or_the_mark_is_clean(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    assert findings(sides) == []
    assert findings(put(sides, raw("devs", "shop-dev", "view", ALICE))) == []


def test_only_the_aggregated_model_stops_at_it() -> None:
    for aggregated in (False, True):
        sides = settled(aggregated=aggregated)
        wanted = binding(sides, "shop-dev", member(aggregated))
        behind = [
            item for item in sides["harvester"].values() if item.namespace == "shop-test" and item.kind == "RoleBinding"
        ]
        for item in behind:
            sides = without(sides, item)
        [finding] = findings(put(sides, raw(wanted.name, "shop-dev", wanted.role_ref.name, ALICE)))
        assert behind
        assert ("were not made either" in finding.message) is aggregated
        assert finding.severity is (Severity.MEDIUM if aggregated else Severity.LOW)


@MODELS
def test_a_service_account_of_the_same_name_elsewhere(aggregated: bool) -> None:
    """The namespace of a service account is no part of the hash."""
    sides = settled(aggregated=aggregated)
    wanted = binding(sides, "shop-dev", member(aggregated))
    robot = Subject(kind="ServiceAccount", name="u-abc12", namespace="ci")
    [finding] = findings(put(sides, raw(wanted.name, "shop-dev", wanted.role_ref.name, robot)))
    assert finding.severity is Severity.MEDIUM
