"""Locked, hidden and other role templates with and without bindings."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.locked_role_template_bound import RULE
from rbac_audit.snapshot.objects import ClusterRoleTemplateBinding
from tests.rules.estate import estate, found, not_evaluated


def template(extra: str) -> str:
    """Write a role template with one more line."""
    return f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: rt}}
displayName: Old admin
{extra}
---
"""


PRTB = """
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: rt
groupPrincipalName: "openldap_group://cn=devs"
"""
CRTB = """
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: rt
userName: u-erin
"""


@pytest.mark.parametrize(
    ("binding", "subject", "wide"), [(PRTB, "Group:openldap_group://cn=devs", False), (CRTB, "User:u-erin", True)]
)
def test_a_binding_to_a_locked_template_is_found(binding: str, subject: str, wide: bool) -> None:
    [finding] = found(RULE, estate("", template("locked: true") + binding))
    assert finding.severity is Severity.LOW
    assert finding.object.kind in binding
    assert [str(item) for item in finding.related] == ["RoleTemplate rt"]
    assert [str(item) for item in finding.subjects] == [subject]
    assert finding.scope.cluster_wide is wide


@pytest.mark.parametrize("extra", ["", "locked: false", "hidden: true"])
def test_hidden_is_not_locked(extra: str) -> None:
    assert not found(RULE, estate("", template(extra) + PRTB))


def test_nobody_is_bound_to_it() -> None:
    assert not found(
        RULE, estate("", template("locked: true") + PRTB.replace("roleTemplateName: rt", "roleTemplateName: rt2"))
    )


@pytest.mark.parametrize(
    ("fields", "told"),
    [("", True), ("locked: true", False), ("builtin: true", False)],
    ids=["own", "locked", "shipped"],
)
def test_a_locked_template_that_is_inherited_goes_on_being_given(fields: str, *, told: bool) -> None:
    between = template(f"roleTemplateNames: [middle]\n{fields}") + template("roleTemplateNames: [old]").replace(
        "name: rt", "name: middle"
    )
    text = between + template("locked: true").replace("name: rt", "name: old") + PRTB
    result = found(RULE, estate("", text))
    inherited = [item for item in result if "old (Old admin), which it inherits, is locked" in item.message]
    assert [[str(ref) for ref in item.related] for item in inherited] == [
        ["RoleTemplate rt", "RoleTemplate old"]
    ] * told
    assert len(result) == (0 if "builtin" in fields else 1)


def test_what_was_read_is_told_where_bindings_of_clusters_were_not() -> None:
    of = estate("", template("locked: true") + PRTB, unread=[ClusterRoleTemplateBinding])
    assert len(found(RULE, of)) == 1
    assert [entry.partly for entry in not_evaluated(RULE, of)] == [True]
