"""Bindings of Rancher that point at nothing."""

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.finding import Severity
from rbac_audit.rules.template_binding_astray import RULE
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import KINDS, GlobalRole, Kind, Project, RoleTemplate
from tests.rules.estate import estate, found, not_evaluated

RANCHER = """
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
status: {backingNamespace: c-m-abcd1234-p-shop}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: here}
context: project
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: of-clusters}
context: cluster
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: heir}
roleTemplateNames: [middle]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: middle}
roleTemplateNames: [gone]
---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: here}
---
"""


def prtb(
    namespace: str = "c-m-abcd1234-p-shop",
    project: str = "c-m-abcd1234:p-shop",
    role: str = "here",
    who: str = "userName: u-a",
) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: b, namespace: {namespace}}}
projectName: "{project}"
roleTemplateName: {role}
{who}
"""


def crtb(namespace: str = "c-m-abcd1234", cluster: str = "c-m-abcd1234", role: str = "here") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: b, namespace: {namespace}}}
clusterName: {cluster}
roleTemplateName: {role}
userName: u-a
"""


def grb(role: str) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {{name: b}}
globalRoleName: {role}
userName: u-a
"""


@pytest.mark.parametrize(
    ("binding", "lacks"),
    [
        (prtb(role="gone"), "role template gone does not exist"),
        (prtb(project="c-m-abcd1234:p-gone"), "project c-m-abcd1234:p-gone does not exist"),
        (prtb(project="c-gone:p-shop"), "Rancher has no cluster c-gone"),
        (prtb(namespace="p-shop"), "it lies in namespace p-shop, those of its project in c-m-abcd1234-p-shop"),
        (prtb(who=""), "it names nobody"),
        (prtb(role="null"), "it names no role template"),
        (prtb(project=""), "it names no cluster"),
        (crtb(namespace="local"), "it lies in namespace local, those of its cluster in c-m-abcd1234"),
        (crtb("c-gone", "c-gone"), "Rancher has no cluster c-gone"),
        (grb("gone"), "global role gone does not exist"),
        (prtb(role="of-clusters"), "role template of-clusters is one for clusters"),
        (
            crtb(role="heir"),
            "role template heir inherits gone, which does not exist: Rancher makes nothing, or the rest",
        ),
    ],
)
def test_what_a_binding_lacks_is_told(binding: str, lacks: str) -> None:
    [finding] = found(RULE, estate("", RANCHER + binding))
    assert finding.severity is Severity.MEDIUM
    assert lacks in finding.message
    assert finding.object.name == "b"


@pytest.mark.parametrize(
    "binding",
    [
        *(prtb(), crtb(), crtb(role="of-clusters"), grb("here"), prtb(role="heir")),
        *(prtb(who="serviceAccount: 'a:b'"), prtb(who="userName: u-a\ngroupName: g")),
    ],
)
def test_what_points_at_something_is_clean(binding: str) -> None:
    assert found(RULE, estate("", RANCHER + binding)) == []


def test_a_project_without_a_backing_namespace_has_that_of_its_name() -> None:
    old = RANCHER.replace("status: {backingNamespace: c-m-abcd1234-p-shop}", "")
    assert found(RULE, estate("", old + prtb(namespace="p-shop"))) == []


@pytest.mark.parametrize(("aggregated", "made"), [("true", "the rest"), ("false", "nothing")])
def test_what_a_missing_parent_leaves_follows_from_the_model(aggregated: str, made: str) -> None:
    feature = f"""
---
apiVersion: management.cattle.io/v3
kind: Feature
metadata: {{name: aggregated-roletemplates}}
spec: {{value: {aggregated}}}
"""
    [finding] = found(RULE, estate("", RANCHER + crtb(role="heir") + feature))
    assert finding.message.endswith(f"Rancher makes {made}")


def without(kind: Kind) -> str:
    """Leave out the objects of one kind."""
    return "---".join(part for part in RANCHER.split("---") if f"kind: {kind.kind}\n" not in part)


@pytest.mark.parametrize(
    ("binding", "unread"),
    [
        (prtb(role="gone"), RoleTemplate),
        (prtb(project="c-m-abcd1234:p-gone"), Project),
        (grb("gone"), GlobalRole),
    ],
)
def test_what_was_not_read_is_not_said_to_be_missing(binding: str, unread: Kind) -> None:
    of = estate("", without(unread) + binding, unread=[unread])
    assert found(RULE, of) == []
    assert [entry.partly for entry in not_evaluated(RULE, of)] == [True]


def test_what_is_wrong_nevertheless_is_told() -> None:
    text = without(RoleTemplate) + prtb(namespace="p-shop", role="gone")
    [finding] = found(RULE, estate("", text, unread=[RoleTemplate]))
    assert "it lies in namespace p-shop" in finding.message
    assert "does not exist" not in finding.message


def test_what_may_be_among_those_that_were_not_read_is_not_said_to_be_missing() -> None:
    items = estate("", RANCHER + prtb(role="gone") + "---" + crtb(role="heir")).views[0].cluster
    kept = [item for kind in items.objects for item in items.of(kind)]
    half = Estate(Snapshot([Cluster("rancher", kept, collected=set(KINDS), partial={RoleTemplate})]))
    assert found(RULE, half) == []
