"""What a change of Rancher's model left behind."""

from rbac_audit.audit.finding import Finding, Severity
from rbac_audit.rules.both_models_present import RULE
from tests.rancher.rendering.test_render import DOWN, MODELS
from tests.rancher.settled import Sides, estate_of, settled
from tests.rules.estate import found


def findings(sides: Sides) -> list[Finding]:
    return found(RULE, estate_of(sides))


@MODELS
def test_one_model_is_clean(aggregated: bool) -> None:
    assert findings(settled(aggregated=aggregated)) == []


@MODELS
def test_both_are_one_finding_a_cluster(aggregated: bool) -> None:
    now, other = settled(aggregated=aggregated), settled(aggregated=aggregated, model=not aggregated)
    told = findings({name: {**other[name], **now[name]} for name in now})
    [finding] = [item for item in told if item.cluster == "harvester"]
    assert (finding.severity, str(finding.object)) == (Severity.MEDIUM, f"Cluster {DOWN}")
    assert f"renders in its {'aggregated' if aggregated else 'legacy'} model" in finding.message
    assert f"{len(finding.related)} bindings" in finding.message
    assert {item.kind for item in finding.related} == (
        {"ClusterRoleBinding"} if aggregated else {"ClusterRoleBinding", "RoleBinding"}
    )
    assert "Group:ad_group://bosses" in {str(subject) for subject in finding.subjects}


def test_legacy_bindings_in_namespaces_come_and_go_while_the_feature_is_on() -> None:
    now, other = settled(aggregated=True), settled(aggregated=True, model=False)
    left = {key: item for key, item in other["harvester"].items() if item.kind == "RoleBinding"}
    assert left
    assert findings({**now, "harvester": {**left, **now["harvester"]}}) == []
