"""Names that Rancher knows, and names that it does not."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.unknown_subject import RULE
from rbac_audit.snapshot.objects import UserAttribute
from tests.rules.estate import estate, found, not_evaluated

RANCHER = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-abc12}
username: jdoe
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-abc12}
GroupPrincipals: {openldap: {Items: [{metadata: {name: "openldap_group://cn=devs"}, displayName: devs}]}}
"""


def binding(kind: str, name: str, *, labels: str = "{}") -> str:
    """Write a hand-made RoleBinding for one subject."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: b, namespace: shop, labels: {labels}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}}
subjects: [{{kind: {kind}, name: "{name}"}}]
"""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("alice", "it may still be a client certificate's user"),
        ("jdoe", "(that is the login name of u-abc12)"),
        ("u-gone9", "no Rancher user is called u-gone9"),
        ("user-gone9", "no Rancher user is called user-gone9"),
        ("u-abcdefgh27", "gets the same name, and with it this access, at the next login"),
        ("U-ABC12", "matches nobody through Rancher"),
        ("u-abc12\n", "matches nobody through Rancher"),
    ],
)
def test_a_user_that_rancher_does_not_know(name: str, words: str) -> None:
    [finding] = found(RULE, estate(binding("User", name.replace("\n", "\\n")), RANCHER))
    assert finding.severity is Severity.MEDIUM
    assert str(finding.object) == "RoleBinding shop/b"
    assert [subject.name for subject in finding.subjects] == [name]
    assert words in finding.message


@pytest.mark.parametrize(
    "name",
    [
        "u-abc12",
        "system:kube-scheduler",
        "system:node:node-1",
        "system:serviceaccount:shop:gone",
        "kube-apiserver",
        "rke2-cloud-controller-manager",
    ],
)
def test_users_that_are_known_or_of_the_control_plane(name: str) -> None:
    assert not found(RULE, estate(binding("User", name), RANCHER))


def test_a_group_that_nobody_is_known_to_be_in_is_a_hint_at_most() -> None:
    [finding] = found(RULE, estate(binding("Group", "openldap_group://cn=ops"), RANCHER))
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.POSSIBLE)


@pytest.mark.parametrize("name", ["openldap_group://cn=devs", "system:authenticated", "system:serviceaccounts:shop"])
def test_groups_that_are_known_or_of_the_system(name: str) -> None:
    assert not found(RULE, estate(binding("Group", name), RANCHER))


def test_groups_are_not_judged_without_what_users_are_in() -> None:
    rancher = RANCHER.partition("---")[0]
    assert not found(RULE, estate(binding("Group", "openldap_group://cn=ops"), rancher, unread=[UserAttribute]))


HARVESTER = """
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: server-version}
value: v1.9.0
---
"""
EMBEDDED = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-own11}
---
"""


def test_a_user_of_the_embedded_rancher_is_known() -> None:
    assert not found(RULE, estate(HARVESTER + EMBEDDED + binding("User", "u-own11"), RANCHER))


@pytest.mark.parametrize(("name", "confidence"), [("u-own11", Confidence.POSSIBLE), ("alice", Confidence.CERTAIN)])
def test_it_is_possible_only_for_a_name_that_an_unread_embedded_rancher_may_know(
    name: str, confidence: Confidence
) -> None:
    [finding] = found(RULE, estate(HARVESTER + binding("User", name), RANCHER))
    assert finding.confidence is confidence


OWNERS = [
    """---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: read-only
userName: NAME
""",
    """---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: cluster-member
userName: NAME
""",
    """---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb}
globalRoleName: user
userName: NAME
""",
]


@pytest.mark.parametrize("owner", OWNERS)
def test_bindings_of_rancher_are_told_where_they_are(owner: str) -> None:
    [finding] = found(RULE, estate("", RANCHER + owner.replace("NAME", "u-gone9")))
    assert finding.severity is Severity.MEDIUM
    assert finding.object.cluster == "rancher"
    assert finding.object.kind in owner
    assert not found(RULE, estate("", RANCHER + owner.replace("NAME", "u-abc12")))


@pytest.mark.parametrize(
    ("group", "told"), [("okta_group://nobody", 1), ("system:authenticated", 0), ("system:cattle:authenticated", 0)]
)
def test_a_group_of_rancher_s_own_binding_that_everybody_is_in_is_known(group: str, told: int) -> None:
    owner = OWNERS[1].replace("userName: NAME", f'groupName: "{group}"')
    assert len(found(RULE, estate("", RANCHER + owner))) == told


def test_what_is_rendered_from_them_is_not_told_again() -> None:
    rendered = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rb-x
  namespace: shop
  labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: read-only}
subjects: [{kind: User, name: u-gone9}]
"""
    findings = found(RULE, estate(rendered, RANCHER + OWNERS[0].replace("NAME", "u-gone9")))
    assert [finding.object.kind for finding in findings] == ["ProjectRoleTemplateBinding"]


def test_nobody_is_unknown_or_known_without_rancher() -> None:
    [entry] = not_evaluated(RULE, estate(binding("User", "alice")))
    assert not entry.partly


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("Group", "system:serviceaccount:shop:ci", "kind ServiceAccount was meant"),
        ("Group", "system:anonymous", "the group system:unauthenticated was meant"),
        ("User", "system:authenticated", "kind Group was meant"),
        ("User", "system:serviceaccounts", "kind Group was meant"),
        ("User", "system:serviceaccounts:shop", "kind Group was meant"),
        ("User", "system:masters", "kind Group was meant"),
    ],
)
def test_a_name_of_the_system_in_the_wrong_kind_of_subject_means_nobody(kind: str, name: str, words: str) -> None:
    [finding] = found(RULE, estate(binding(kind, name), RANCHER))
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.CERTAIN)
    assert words in finding.message


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Group", "system:serviceaccount"),
        ("Group", "system:serviceaccounts:shop"),
        ("User", "system:serviceaccount:a:b"),
    ],
)
def test_names_of_the_system_in_their_own_kind_are_clean(kind: str, name: str) -> None:
    assert not found(RULE, estate(binding(kind, name), RANCHER))


def test_a_group_that_is_called_like_a_user_is_still_unknown() -> None:
    [finding] = found(RULE, estate(binding("Group", "u-abc12"), RANCHER))
    assert finding.severity is Severity.INFO
