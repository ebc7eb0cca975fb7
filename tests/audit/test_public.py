from rbac_audit.audit.capabilities import CapabilitySpec
from rbac_audit.audit.policy import PolicyPermission
from rbac_audit.audit.public import public
from rbac_audit.audit.sections import PublicNamespace
from rbac_audit.snapshot.objects import Secret
from tests.rules.estate import estate, view

SECRETS = CapabilitySpec(
    name="secrets",
    title="Read Secrets",
    permissions=(PolicyPermission(verbs=("get",), api_groups=("",), resources=("secrets",)),),
)
SHIPPED = """
{apiVersion: v1, kind: Namespace, metadata: {name: harvester-public}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: view},
 rules: [{apiGroups: [""], resources: [secrets], verbs: [get, list]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: harvester-public, namespace: harvester-public}
roleRef: {kind: ClusterRole, name: view, apiGroup: rbac.authorization.k8s.io}
subjects: [{kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}]
"""
ADDED = """
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: writer, namespace: harvester-public},
 rules: [{apiGroups: [harvesterhci.io], resources: [virtualmachineimages], verbs: [patch]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: writers, namespace: harvester-public}
roleRef: {kind: Role, name: writer}
subjects: [{kind: User, name: u-bob}, {kind: ServiceAccount, name: ci}]
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: all}, rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {kind: ClusterRole, name: all}
subjects: [{kind: User, name: u-admin}, {kind: ServiceAccount, name: harvester, namespace: harvester-system}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: elsewhere, namespace: shop}
roleRef: {kind: ClusterRole, name: all}
subjects: [{kind: User, name: u-shop}]
---
{apiVersion: v1, kind: Secret, metadata: {name: registry-pull, namespace: harvester-public}, type: kubernetes.io/dockerconfigjson}
---
{apiVersion: v1, kind: Secret, metadata: {name: iso-image-template-userdata, namespace: harvester-public}, type: secret}
---
{apiVersion: v1, kind: Secret, metadata: {name: own, namespace: shop}}
"""


def described(text: str) -> PublicNamespace:
    found = public(view(estate(text)), (SECRETS,))
    assert found
    return found


def test_what_ships_stands_apart_from_what_was_added() -> None:
    found = described(SHIPPED + ADDED)
    assert [(bound.shipped, str(bound.binding), bound.role) for bound in found.bindings] == [
        (False, "RoleBinding harvester-public/writers", "Role writer"),
        (True, "RoleBinding harvester-public/harvester-public", "ClusterRole view"),
    ]
    assert [str(who) for who in found.bindings[0].subjects] == ["User:u-bob", "ServiceAccount:harvester-public/ci"]
    assert [bound.capabilities for bound in found.bindings] == [(), ("secrets",)]


def test_secrets_are_told_by_name_and_type_only() -> None:
    found = described(SHIPPED + ADDED)
    assert [(secret.shipped, secret.secret.name, secret.type) for secret in found.secrets] == [
        (False, "registry-pull", "kubernetes.io/dockerconfigjson"),
        (True, "iso-image-template-userdata", "secret"),
    ]


def test_readers_and_writers_come_through_the_namespace_and_the_whole_cluster() -> None:
    found = described(SHIPPED + ADDED)
    assert [str(who) for who in found.readers] == ["Group:system:authenticated", "User:u-admin"]
    kinds = ("VirtualMachineImage", "VirtualMachineTemplate", "NetworkAttachmentDefinition", "Secret")
    assert {str(who): what for who, what in found.writers} == {
        "ServiceAccount:harvester-public/ci": ("VirtualMachineImage",),
        "User:u-bob": ("VirtualMachineImage",),
        "User:u-admin": kinds,
    }


def test_the_namespace_should_be_in_no_project() -> None:
    assert described(SHIPPED).project == ""
    moved = SHIPPED.replace(
        "{name: harvester-public}}",
        '{name: harvester-public, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-system"}}}',
        1,
    )
    assert described(moved).project == "c-m-abcd1234:p-system"


def test_what_was_not_read_there_is_said() -> None:
    assert described(SHIPPED).unread == ()
    blind = public(view(estate(SHIPPED, unread=(Secret,))), ())
    assert blind
    assert blind.unread == ("Secret",)
    closed = public(view(estate(SHIPPED, unread_namespaces=("harvester-public",))), ())
    assert closed
    assert closed.unread[0] == "everything in it"


def test_a_cluster_without_the_namespace_has_no_such_page() -> None:
    assert public(view(estate("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")), ()) is None
