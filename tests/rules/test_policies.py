"""The shipped access policies: in how many ways a right can be written, and what only looks like it."""

from functools import cache
from pathlib import Path

import pytest

from rbac_audit.audit.judge_policy import rule_of
from rbac_audit.audit.policy import parse_policy
from rbac_audit.audit.rule import Rule
from tests.rules.estate import estate, found, manifests

POLICIES = Path(__file__).resolve().parents[2] / "policies"
SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
"""


@cache
def policy(name: str) -> Rule:
    """Read one shipped policy."""
    [path] = POLICIES.rglob(f"{name}.yaml")
    [raw] = manifests(path.read_text())
    return rule_of(parse_policy(raw, path.name))


def bound(right: str, namespace: str = "") -> str:
    """Bind a user to one rule, written `verbs groups resources [names]`; cluster-wide without a namespace."""
    words = ["" if word == "core" else word for word in right.split()]
    lists = [", ".join(f'"{item}"' for item in word.split(",")) for word in words]
    names = f", resourceNames: [{lists[3]}]" if len(lists) > 3 else ""
    kind, place = ("RoleBinding", f", namespace: {namespace}") if namespace else ("ClusterRoleBinding", "")
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: own}}
rules: [{{verbs: [{lists[0]}], apiGroups: [{lists[1]}], resources: [{lists[2]}]{names}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: own{place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: own}}
subjects: [{{kind: User, name: u-alice}}]
---
"""


CONSOLE, RBAC = "subresources.kubevirt.io virtualmachineinstances", "rbac.authorization.k8s.io"
FLAGGED = [
    ("addons-write", "create harvesterhci.io addons", "shop"),
    ("addons-write", "patch harvesterhci.io addons rancher-monitoring", ""),
    ("addons-write", "* harvesterhci.io *", "shop"),
    ("addons-write", "update helm.cattle.io * rke2-coredns", "shop"),
    ("addons-write", "create * versions", ""),
    ("addons-write", "patch harvesterhci.io versions v1.9.0", "shop"),
    ("addons-write", "update harvesterhci.io upgrades", "shop"),
    ("addons-write", "create management.harvesterhci.io *", ""),
    ("addons-write", "create fleet.cattle.io gitrepos", "shop"),
    ("chart-repositories-write", "create catalog.cattle.io clusterrepos", ""),
    ("chart-repositories-write", "patch * clusterrepos rancher-charts", ""),
    ("install-records-write", "update k3s.cattle.io addons rke2-coredns", "kube-system"),
    ("install-records-write", "patch catalog.cattle.io apps", ""),
    ("cluster-escalation-verbs", f"escalate {RBAC} clusterroles own", ""),
    ("cluster-escalation-verbs", "get core nodes/proxy node1", ""),
    ("cluster-escalation-verbs", "* core */proxy", ""),
    ("cluster-escalation-verbs", "impersonate core groups system:masters", ""),
    ("cluster-escalation-verbs", "patch kubevirt.io kubevirts kubevirt", ""),
    ("cluster-escalation-verbs", "update cdi.kubevirt.io cdis cdi", ""),
    ("cluster-escalation-verbs", "delete admissionregistration.k8s.io *", ""),
    ("cluster-escalation-verbs", "patch admissionregistration.k8s.io validatingadmissionpolicybindings", ""),
    ("cluster-escalation-verbs", "create core persistentvolumes", ""),
    ("cluster-escalation-verbs", "update certificates.k8s.io */approval", ""),
    ("cluster-wide-edit", "patch core pods", ""),
    ("cluster-wide-edit", "patch kubevirt.io virtualmachines", ""),
    ("cluster-wide-edit", "delete kubevirt.io *", ""),
    ("cluster-network-write", "deletecollection network.harvesterhci.io *", ""),
    ("device-claims-write", "deletecollection devices.harvesterhci.io usbdeviceclaims", ""),
    ("vm-network-write", "deletecollection k8s.cni.cncf.io network-attachment-definitions", "shop"),
    ("cluster-wide-edit", "get core pods/exec", ""),
    ("cluster-wide-edit", "create core */token", ""),
    ("cluster-wide-edit", "update apps *", ""),
    ("cluster-wide-edit", "patch core secrets", ""),
    ("cluster-wide-secret-read", "watch core secrets", ""),
    ("cluster-wide-secret-read", "list * *", ""),
    ("cluster-network-write", "create network.harvesterhci.io vlanconfigs", ""),
    ("cluster-network-write", "patch network.harvesterhci.io clusternetworks mgmt", ""),
    ("cluster-network-write", "delete network.harvesterhci.io *", ""),
    ("cluster-network-write", "update * ippools", ""),
    ("device-claims-write", "create devices.harvesterhci.io pcideviceclaims", ""),
    ("device-claims-write", "patch devices.harvesterhci.io *", ""),
    ("escalation-verbs", f"escalate {RBAC} roles own", "shop"),
    ("escalation-verbs", f"bind {RBAC} clusterroles project-owner", "shop"),
    ("escalation-verbs", f"bind {RBAC} *", "shop"),
    ("escalation-verbs", "create core serviceaccounts/token ci", "shop"),
    ("node-cloudinit-write", "patch node.harvesterhci.io *", ""),
    ("project-write-by-outsiders", "patch kubevirt.io virtualmachines", "shop"),
    ("project-write-by-outsiders", "patch kubevirt.io virtualmachines", ""),
    ("project-write-by-outsiders", "delete kubevirt.io virtualmachineinstances db-01", "shop"),
    ("project-write-by-outsiders", "create kubevirt.io *", "shop"),
    ("project-write-by-outsiders", "deletecollection * *", "shop"),
    ("project-write-by-outsiders", "update pool.kubevirt.io virtualmachinepools web", "shop"),
    ("project-write-by-outsiders", "create harvesterhci.io virtualmachinerestores", "shop"),
    ("project-write-by-outsiders", "* snapshot.kubevirt.io *", "shop"),
    ("project-write-by-outsiders", "update subresources.kubevirt.io virtualmachines/addvolume", "shop"),
    ("project-write-by-outsiders", "update subresources.kubevirt.io */addvolume db-01", "shop"),
    ("project-write-by-outsiders", "* subresources.kubevirt.io virtualmachineinstances/*,*/addvolume", "shop"),
    ("project-write-by-outsiders", "create core secrets", "shop"),
    ("project-write-by-outsiders", "update core secrets db-01-cloudinit", "shop"),
    ("project-write-by-outsiders", "delete core persistentvolumeclaims", "shop"),
    ("project-write-by-outsiders", "delete cdi.kubevirt.io datavolumes db-01", "shop"),
    ("project-write-by-outsiders", "patch core pods", "shop"),
    ("project-write-by-outsiders", "get core pods/exec", "shop"),
    ("project-write-by-outsiders", "create core */attach", "shop"),
    ("project-write-by-outsiders", "patch core pods/ephemeralcontainers web-0", "shop"),
    ("project-write-by-outsiders", "update apps deployments", "shop"),
    ("project-write-by-outsiders", "patch batch cronjobs nightly", "shop"),
    ("project-write-by-outsiders", "delete core namespaces", "shop"),
    ("public-namespace-write", "patch harvesterhci.io virtualmachineimages ubuntu", "harvester-public"),
    ("public-namespace-write", "deletecollection harvesterhci.io virtualmachinetemplates", "harvester-public"),
    ("public-namespace-write", "create core secrets", ""),
    ("quota-write", "* harvesterhci.io *", "shop"),
    ("quota-write", "patch harvesterhci.io resourcequotas default-resource-quota", "shop"),
    ("quota-write", "delete core limitranges", "shop"),
    ("quota-write", "update core *", ""),
    ("settings-read", "get harvesterhci.io *", ""),
    ("settings-read", "watch * settings", ""),
    ("settings-read", "get harvesterhci.io settings containerd-registry", ""),
    ("settings-write", "patch harvesterhci.io settings support-bundle-image", ""),
    ("settings-write", "delete * settings", ""),
    ("vm-console-access", f"get {CONSOLE}/console", "shop"),
    ("vm-console-access", f"get {CONSOLE}/vnc db-01", "shop"),
    ("vm-console-access", "get subresources.kubevirt.io */console", ""),
    ("vm-console-access", "get * *", "shop"),
    ("vm-data-copy", "create export.kubevirt.io virtualmachineexports", "shop"),
    ("vm-data-copy", "create cdi.kubevirt.io datavolumes/source db-01", "shop"),
    ("vm-data-copy", "* cdi.kubevirt.io */source", ""),
    ("vm-data-copy", "create * *", "shop"),
    ("vm-data-copy", "update subresources.kubevirt.io */memorydump", "shop"),
    ("vm-data-copy", "create upload.cdi.kubevirt.io uploadtokenrequests", ""),
    ("vm-data-copy", "create batch cronjobs", "shop"),
    ("vm-network-write", "create k8s.cni.cncf.io network-attachment-definitions", "shop"),
    ("vm-network-write", "patch k8s.cni.cncf.io network-attachment-definitions vlan-7", "shop"),
    ("vm-network-write", "update k8s.cni.cncf.io *", ""),
]
CLEAN = [
    ("addons-write", "get,list,watch harvesterhci.io *", "shop"),
    ("addons-write", "update harvesterhci.io addons/status", "shop"),
    ("addons-write", "create harvesterhci.io virtualmachineimages", "shop"),
    ("addons-write", "create harvesterhci.io addons own", "shop"),
    ("addons-write", "update harvesterhci.io upgradelogs", "shop"),
    ("cluster-escalation-verbs", "update cdi.kubevirt.io cdis", "shop"),
    ("cluster-escalation-verbs", "delete admissionregistration.k8s.io validatingwebhookconfigurations own", ""),
    ("cluster-escalation-verbs", "get,list,delete core persistentvolumes", ""),
    ("cluster-escalation-verbs", "create core persistentvolumes", "shop"),
    ("cluster-escalation-verbs", "update cdi.kubevirt.io cdis/status", ""),
    ("chart-repositories-write", "* catalog.cattle.io *", "shop"),
    ("chart-repositories-write", "get,list,watch catalog.cattle.io clusterrepos", ""),
    ("install-records-write", "update k3s.cattle.io addons", "shop"),
    ("install-records-write", "delete catalog.cattle.io operations", ""),
    ("install-records-write", "update k3s.cattle.io addons/status", ""),
    ("cluster-escalation-verbs", f"escalate {RBAC} clusterroles", "shop"),
    ("cluster-escalation-verbs", "get core nodes/proxy", "shop"),
    ("cluster-escalation-verbs", "get core nodes/metrics", ""),
    ("cluster-escalation-verbs", "impersonate core users robot", ""),
    ("cluster-escalation-verbs", "patch kubevirt.io kubevirts", "shop"),
    ("cluster-escalation-verbs", "patch kubevirt.io kubevirts/status", ""),
    ("cluster-wide-edit", "create core pods", "shop"),
    ("cluster-wide-edit", "patch kubevirt.io virtualmachines", "shop"),
    ("cluster-wide-edit", "patch kubevirt.io virtualmachines db", ""),
    ("cluster-wide-edit", "update subresources.kubevirt.io virtualmachines/start", ""),
    ("cluster-wide-edit", "get core pods/log", ""),
    ("cluster-wide-edit", "create core pods/*", ""),
    ("cluster-wide-edit", "create core pods own-pod", ""),
    ("cluster-wide-edit", "create core secrets", "shop"),
    ("cluster-wide-edit", "update core secrets ca", ""),
    ("cluster-wide-secret-read", "get core secrets ca", ""),
    ("cluster-wide-secret-read", "get example.com secrets", ""),
    ("cluster-wide-secret-read", "list core secrets", "shop"),
    ("cluster-network-write", "create network.harvesterhci.io vlanconfigs", "shop"),
    ("cluster-network-write", "update network.harvesterhci.io ippools", ""),
    ("cluster-network-write", "update loadbalancer.harvesterhci.io loadbalancers", ""),
    ("cluster-network-write", "patch network.harvesterhci.io vlanconfigs/status", ""),
    ("device-claims-write", "create devices.harvesterhci.io pcideviceclaims", "shop"),
    ("device-claims-write", "get,list,watch devices.harvesterhci.io *", ""),
    ("device-claims-write", "update devices.harvesterhci.io pcidevices", ""),
    ("escalation-verbs", f"create {RBAC} rolebindings", "shop"),
    ("escalation-verbs", f"bind {RBAC} clusterroles view", "shop"),
    ("escalation-verbs", f"bind {RBAC} roles reader", "shop"),
    ("escalation-verbs", "create core serviceaccounts", "shop"),
    ("node-cloudinit-write", "patch node.harvesterhci.io cloudinits", "shop"),
    ("node-cloudinit-write", "patch network.harvesterhci.io cloudinits", ""),
    ("public-namespace-write", "create harvesterhci.io virtualmachineimages", "shop"),
    ("public-namespace-write", "update core configmaps leader", ""),
    ("public-namespace-write", "patch kubevirt.io virtualmachines", ""),
    ("quota-write", "get,list,watch harvesterhci.io *", "shop"),
    ("quota-write", "create core resourcequotas", "shop"),
    ("quota-write", "deletecollection core resourcequotas own", "shop"),
    ("quota-write", "update longhorn.io resourcequotas", "shop"),
    ("quota-write", "update harvesterhci.io resourcequotas", "sandbox"),
    ("settings-read", "get harvesterhci.io settings server-version", ""),
    ("settings-read", "get longhorn.io settings", ""),
    ("settings-read", "get,list harvesterhci.io settings", "shop"),
    ("settings-write", "patch harvesterhci.io settings", "shop"),
    ("settings-write", "patch longhorn.io settings", ""),
    ("settings-write", "patch harvesterhci.io settings log-level", ""),
    ("vm-console-access", f"create {CONSOLE}/console", "shop"),
    ("vm-console-access", "get kubevirt.io virtualmachineinstances/console", "shop"),
    ("vm-console-access", f"get {CONSOLE}/*", "shop"),
    ("vm-console-access", f"get {CONSOLE}/console", "sandbox"),
    ("vm-data-copy", "create export.kubevirt.io virtualmachineexports", "sandbox"),
    ("vm-data-copy", "create export.kubevirt.io virtualmachineexports own", "shop"),
    ("vm-data-copy", "create cdi.kubevirt.io datavolumes", "shop"),
    ("vm-data-copy", "create cdi.kubevirt.io datavolumes/*", "shop"),
    ("project-write-by-outsiders", "get,list,watch * *", "lab"),
    ("project-write-by-outsiders", "* * *", "sandbox"),
    ("project-write-by-outsiders", "patch kubevirt.io virtualmachines", "kube-system"),
    ("project-write-by-outsiders", "patch kubevirt.io virtualmachines/status", "shop"),
    ("project-write-by-outsiders", "patch core virtualmachines", "shop"),
    ("project-write-by-outsiders", "create kubevirt.io virtualmachines db-01", "shop"),
    ("project-write-by-outsiders", "get subresources.kubevirt.io virtualmachines/addvolume", "shop"),
    ("project-write-by-outsiders", "update subresources.kubevirt.io virtualmachines/stop", "shop"),
    ("project-write-by-outsiders", "update kubevirt.io virtualmachines/addvolume", "shop"),
    ("project-write-by-outsiders", "get,list,watch core secrets", "shop"),
    ("project-write-by-outsiders", "get core pods/log", "shop"),
    ("project-write-by-outsiders", "update core pods/eviction", "shop"),
    ("project-write-by-outsiders", "create,get core namespaces", "shop"),
    ("project-write-by-outsiders", "update apps deployments/scale", "shop"),
    ("vm-data-copy", "update kubevirt.io virtualmachines/memorydump", "shop"),
    ("vm-data-copy", "get,list,watch,update * *", "lab"),
    ("vm-network-write", "get,list,watch k8s.cni.cncf.io network-attachment-definitions", "shop"),
    ("vm-network-write", "create k8s.cni.cncf.io network-attachment-definitions", "sandbox"),
    ("vm-network-write", "create network.harvesterhci.io network-attachment-definitions", "shop"),
]


@pytest.mark.parametrize(("name", "right", "namespace"), FLAGGED)
def test_a_right_is_found_however_it_is_written(name: str, right: str, namespace: str) -> None:
    [finding] = found(policy(name), estate(SHOP + bound(right, namespace)))
    assert [str(subject) for subject in finding.subjects] == ["User:u-alice"]
    assert str(finding.object) == (f"RoleBinding {namespace}/own" if namespace else "ClusterRoleBinding own")


@pytest.mark.parametrize(("name", "right", "namespace"), CLEAN)
def test_what_is_void_limited_or_something_else_is_clean(name: str, right: str, namespace: str) -> None:
    assert not found(policy(name), estate(SHOP + bound(right, namespace)))


@pytest.mark.parametrize(
    ("subject", "role", "flagged"),
    [
        ("{kind: ServiceAccount, name: guest, namespace: shop}", "harvesterhci.io:csi-driver", False),
        ('{kind: User, name: "system:serviceaccount:shop:guest"}', "harvesterhci.io:csi-driver", False),
        ("{kind: ServiceAccount, name: guest, namespace: shop}", "own", True),
        ("{kind: User, name: u-alice}", "harvesterhci.io:csi-driver", True),
        ("{kind: Group, name: devs}", "harvesterhci.io:csi-driver", True),
    ],
)
def test_guest_clusters_have_a_rule_of_their_own(subject: str, role: str, *, flagged: bool) -> None:
    text = bound("patch kubevirt.io virtualmachines").replace("name: own", f'name: "{role}"')
    text = text.replace("{kind: User, name: u-alice}", subject)
    assert bool(found(policy("cluster-wide-edit"), estate(text))) is flagged


USERS = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-alice}
---
"""
MANAGEMENT, WORKSPACE, CLUSTER = "management.cattle.io", "fleet-default", "c-m-abcd1234"
ON_RANCHER = [
    ("cluster-escalation-verbs", f"escalate {RBAC} clusterroles", ""),
    ("cluster-escalation-verbs", "impersonate core *", ""),
    ("cluster-wide-edit", "create core serviceaccounts/token", ""),
    ("cluster-wide-secret-read", "list core secrets", ""),
    ("escalation-verbs", f"bind {RBAC} roles", CLUSTER),
    ("chart-repositories-write", "update catalog.cattle.io *", ""),
    ("install-records-write", "update catalog.cattle.io operations", "cattle-system"),
    ("namespaces-move", "patch core namespaces", ""),
    ("rancher-deputies-write", "create fleet.cattle.io gitrepos", WORKSPACE),
    ("rancher-deputies-write", "update fleet.cattle.io bundles fleet-agent", WORKSPACE),
    ("rancher-deputies-write", "patch management.cattle.io managedcharts", "fleet-local"),
    ("rancher-deputies-write", "* upgrade.cattle.io *", ""),
    ("rancher-deputies-write", "create resources.cattle.io *", ""),
    ("rancher-deputies-write", "patch * backups nightly", ""),
    ("rancher-provisioning-write", "update provisioning.cattle.io clusters guest-1", WORKSPACE),
    ("rancher-provisioning-write", "create cluster.x-k8s.io machines", WORKSPACE),
    ("rancher-roles-write", f"update {MANAGEMENT} globalroles gr-1", ""),
    ("rancher-roles-write", f"create {MANAGEMENT} globalrolebindings", ""),
    ("rancher-roles-write", f"patch {MANAGEMENT} *", ""),
    ("rancher-roles-write", f"create {MANAGEMENT} clusterroletemplatebindings", CLUSTER),
    ("rancher-roles-write", f"* {MANAGEMENT} projectroletemplatebindings", "c-m-abcd1234-p-shop"),
    ("rancher-roles-write", "update * *", "c-m-abcd1234-p-shop"),
    ("rancher-tokens", f"list {MANAGEMENT} tokens", ""),
    ("rancher-tokens", f"get {MANAGEMENT} clusterregistrationtokens", CLUSTER),
]
NOT_ON_RANCHER = [
    ("cluster-wide-secret-read", "list core secrets", CLUSTER),
    ("rancher-deputies-write", "create fleet.cattle.io clusters", WORKSPACE),
    ("rancher-deputies-write", "create resources.cattle.io restores", "cattle-resources-system"),
    ("rancher-deputies-write", "update,patch resources.cattle.io restores/status", ""),
    ("rancher-deputies-write", "get,list,watch fleet.cattle.io gitrepos", WORKSPACE),
    ("rancher-provisioning-write", "create provisioning.cattle.io clusters", ""),
    ("rancher-roles-write", f"update {MANAGEMENT} globalroles", CLUSTER),
    ("rancher-roles-write", f"create {MANAGEMENT} roletemplates", CLUSTER),
    ("rancher-roles-write", f"get,list,watch,delete {MANAGEMENT} *", ""),
    ("rancher-roles-write", f"update {MANAGEMENT} projectroletemplatebindings/status", ""),
    ("rancher-tokens", f"get {MANAGEMENT} tokens", CLUSTER),
    ("rancher-tokens", "get,list,create ext.cattle.io tokens", ""),
]


@pytest.mark.parametrize(("name", "right", "namespace"), ON_RANCHER)
def test_rancher_s_own_cluster_is_judged_as_well(name: str, right: str, namespace: str) -> None:
    [finding] = found(policy(name), estate("", USERS + bound(right, namespace)))
    assert [str(subject) for subject in finding.subjects] == ["User:u-alice"]
    assert str(finding.object) == (f"RoleBinding {namespace}/own" if namespace else "ClusterRoleBinding own")


@pytest.mark.parametrize(("name", "right", "namespace"), NOT_ON_RANCHER)
def test_what_is_void_or_meant_there_is_clean(name: str, right: str, namespace: str) -> None:
    assert not found(policy(name), estate("", USERS + bound(right, namespace)))


MEMBERS = """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: members}
context: cluster
rules:
- {apiGroups: [management.cattle.io], resources: [clusterroletemplatebindings], verbs: ["*"]}
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb-1, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: members
userName: u-alice
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: members, namespace: c-m-abcd1234}
rules:
- {apiGroups: [management.cattle.io], resources: [clusterroletemplatebindings], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: crtb-1-members
  namespace: c-m-abcd1234
  ownerReferences: [{apiVersion: management.cattle.io/v3, kind: ClusterRoleTemplateBinding, name: crtb-1, uid: "1"}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: members}
subjects: [{kind: User, name: WHO}]
"""


def test_what_rancher_renders_for_a_template_is_told_by_another_rule() -> None:
    assert not found(policy("rancher-roles-write"), estate("", USERS + MEMBERS.replace("WHO", "u-alice")))


def test_a_binding_that_only_looks_rendered_is_found() -> None:
    [finding] = found(policy("rancher-roles-write"), estate("", USERS + MEMBERS.replace("WHO", "u-mallory")))
    assert [str(subject) for subject in finding.subjects] == ["User:u-mallory"]


GLOBAL = """
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: desk}
builtin: BUILTIN
rules:
- {apiGroups: [management.cattle.io], resources: [globalrolebindings], verbs: ["*"]}
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-1}
globalRoleName: desk
userName: u-alice
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cattle-globalrole-desk}
rules:
- {apiGroups: [management.cattle.io], resources: [globalrolebindings], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cattle-globalrolebinding-grb-1}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cattle-globalrole-desk}
subjects: [{kind: User, name: u-alice}]
"""


def test_a_global_role_of_one_s_own_that_makes_administrators_is_found_and_a_built_in_one_is_meant() -> None:
    [finding] = found(policy("rancher-roles-write"), estate("", USERS + GLOBAL.replace("BUILTIN", "false")))
    assert str(finding.object) == "GlobalRoleBinding grb-1"
    said = GLOBAL.replace("BUILTIN", "true")
    assert found(policy("rancher-roles-write"), estate("", USERS + said))
    assert not found(policy("rancher-roles-write"), estate("", USERS + said.replace("desk", "users-manage")))


@pytest.mark.parametrize(("verb", "flagged"), [("own", False), ('"*"', True), ("update", True)])
def test_only_the_verb_own_makes_an_owner_of_the_cluster(verb: str, *, flagged: bool) -> None:
    text = f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: desk}}
context: cluster
rules: [{{apiGroups: [management.cattle.io], resources: [clusters], verbs: [{verb}]}}]
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: crtb-1, namespace: c-m-abcd1234}}
clusterName: c-m-abcd1234
roleTemplateName: desk
userName: u-alice
"""
    harvester = SHOP + bound("list core secrets")
    assert bool(found(policy("cluster-wide-secret-read"), estate(harvester, USERS + text))) is flagged
