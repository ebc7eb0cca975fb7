"""Service accounts as members of projects."""

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.service_account_member import RULE
from tests.rancher.rendering.test_render import DOWN, MODELS, prtb
from tests.rancher.settled import estate_of, settled
from tests.rules.estate import estate, found

ACCOUNT = prtb("viewer", "serviceAccount: 'ci:robot'")


@MODELS
def test_it_is_told_with_what_is_there_of_it(aggregated: bool) -> None:
    [finding] = found(RULE, estate_of(settled(ACCOUNT, aggregated=aggregated)))
    assert (finding.severity, finding.cluster) == (Severity.MEDIUM, "harvester")
    assert str(finding.object) == f"ProjectRoleTemplateBinding {DOWN}-p-x1y2z/devs"
    assert [str(subject) for subject in finding.subjects] == ["ServiceAccount:ci/robot"]
    assert {item.namespace for item in finding.related if item.kind == "RoleBinding"} >= {"shop-dev", "shop-test"}


def test_it_is_told_where_rancher_is_when_the_cluster_was_not_read() -> None:
    [finding] = found(RULE, estate("", ACCOUNT.lstrip("\n-")))
    assert finding.cluster == "rancher"


@MODELS
def test_a_user_is_clean(aggregated: bool) -> None:
    assert found(RULE, estate_of(settled(prtb("viewer"), aggregated=aggregated))) == []
