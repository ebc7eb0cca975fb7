"""Estates for the tests: one Harvester cluster with two projects, its Rancher, and what that rendered."""

from collections.abc import Iterable, Sequence

from rbac_audit.audit.estate import Estate, View
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.fix.choose import AllowGain
from rbac_audit.fix.plan import Plan
from rbac_audit.fix.planner import KUBEVIRT_ONLY, Request, plan
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.rendering import render
from rbac_audit.rules import RULES
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import KINDS, KubernetesObject

ID = "c-m-abcd1234"
RBAC = "rbac.authorization.k8s.io/v1"
MANAGEMENT = "management.cattle.io/v3"
DEVS = "github_team://7"
Raw = dict[str, object]

SHOP, LAB = f"{ID}:p-shop", f"{ID}:p-lab"
NAMESPACES = {"dev": SHOP, "prod": SHOP, "lab": LAB, "loose": "", "kube-system": f"{ID}:p-sys", "harvester-public": ""}
USERS = ("u-alice", "u-bob", "u-carol")


def rule(groups: str, resources: str, verbs: str, **more: object) -> Raw:
    """Write a rule; commas separate, `core` is the core group."""
    named = ["" if group == "core" else group for group in groups.split(",")]
    return {"apiGroups": named, "resources": resources.split(","), "verbs": verbs.split(","), **more}


VMS = "virtualmachines,virtualmachineinstances"
ROLES: dict[str, list[Raw]] = {
    "kubevirt.io:view": [rule("kubevirt.io", VMS, "get,list,watch")],
    "kubevirt.io:edit": [
        rule("kubevirt.io", VMS, "get,list,watch,create,update"),
        rule("subresources.kubevirt.io", "virtualmachineinstances/vnc", "get"),
        rule("migrations.kubevirt.io", "migrationpolicies", "get"),
    ],
    "view": [
        rule("kubevirt.io", VMS, "get,list,watch"),
        rule("core", "pods,configmaps,namespaces", "get,list,watch"),
        rule("core", "secrets", "get"),
    ],
    "edit": [
        rule("kubevirt.io", VMS, "get,list,watch,create,update"),
        rule("subresources.kubevirt.io", "virtualmachineinstances/vnc", "get"),
        rule("migrations.kubevirt.io", "migrationpolicies", "get"),
        rule("core", "pods,configmaps,secrets", "get,list,watch,create,update,delete"),
        rule("core", "namespaces", "get"),
    ],
    "pods": [rule("core", "pods", "get,list")],
    "nodes-and-pods": [rule("core", "pods,nodes,namespaces", "get,create"), rule("core", "persistentvolumes", "*")],
    "named": [rule("core", "configmaps", "get", resourceNames=["one"])],
    "cluster-scoped": [rule("core", "nodes", "get"), {"nonResourceURLs": ["/metrics"], "verbs": ["get"]}],
    "all": [rule("*", "*", "*")],
}


def obj(api: str, kind: str, name: str, namespace: str = "", **more: object) -> Raw:
    """Write a manifest; `labels` and `annotations` go into its metadata."""
    metadata: Raw = {"name": name, "uid": f"uid-{kind}-{namespace}-{name}", "resourceVersion": "7"}
    if namespace:
        metadata["namespace"] = namespace
    named = ("labels", "annotations", "ownerReferences", "finalizers")
    metadata |= {key: more.pop(key) for key in named if key in more}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **more}


def subject(text: str) -> Raw:
    """Read `User:x`, `Group:x` or `ServiceAccount:ns/x`."""
    kind, _, name = text.partition(":")
    if kind == "ServiceAccount":
        namespace, _, account = name.partition("/")
        return {"kind": kind, "name": account, "namespace": namespace}
    return {"kind": kind, "name": name, "apiGroup": "rbac.authorization.k8s.io"}


def binding(where: str, role: str, *subjects: str, kind: str = "ClusterRole", **more: object) -> Raw:
    """Write a RoleBinding `namespace/name`, or without a slash a ClusterRoleBinding."""
    namespace, _, name = where.rpartition("/")
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role}
    made = "RoleBinding" if namespace else "ClusterRoleBinding"
    return obj(RBAC, made, name, namespace, roleRef=ref, subjects=[subject(item) for item in subjects], **more)


def prtb(name: str, project: str, template: str, who: str) -> Raw:
    """Write a project role template binding of a user or a group."""
    kind, _, value = who.partition(":")
    field = "userName" if kind == "User" else "groupPrincipalName"
    space = project.replace(":", "-")
    made = obj(MANAGEMENT, "ProjectRoleTemplateBinding", name, space, projectName=project, roleTemplateName=template)
    return made | {field: value}


def template(name: str, rules: Sequence[Raw] = (), **more: object) -> Raw:
    """Write a project role template."""
    return obj(MANAGEMENT, "RoleTemplate", name, "", context="project", displayName=name, rules=list(rules), **more)


def harvester() -> list[Raw]:
    """The cluster without bindings."""
    found = [obj(RBAC, "ClusterRole", name, rules=rules) for name, rules in ROLES.items()]
    found.append(
        obj(
            RBAC,
            "Role",
            "console",
            "dev",
            rules=[rule("subresources.kubevirt.io", "virtualmachineinstances/vnc", "get")],
        )
    )
    for name, project in NAMESPACES.items():
        annotations = {"field.cattle.io/projectId": project} if project else {}
        found.append(obj("v1", "Namespace", name, annotations=annotations))
    found.append(obj("harvesterhci.io/v1beta1", "Setting", "server-version", value="v1.8.0"))
    return found


def rancher(*, aggregated: bool) -> list[Raw]:
    """The management cluster without bindings."""
    found = [obj(MANAGEMENT, "Cluster", name) for name in ("local", ID)]
    for project, labels in (
        ("p-shop", {}),
        ("p-lab", {}),
        ("p-sys", {"authz.management.cattle.io/system-project": "true"}),
    ):
        status = {"backingNamespace": f"{ID}-{project}"}
        found.append(
            obj(MANAGEMENT, "Project", project, ID, labels=labels, spec={"displayName": project}, status=status)
        )
    found += [
        obj(MANAGEMENT, "User", name, displayName=name.title(), username=name[2:], principalIds=[f"local://{name}"])
        for name in USERS
    ]
    found.append(obj(MANAGEMENT, "User", "u-sys", principalIds=["system://c-m-abcd1234"]))
    items = [{"metadata": {"name": DEVS}, "displayName": "devs"}]
    found.append(
        obj(MANAGEMENT, "UserAttribute", "u-carol", UserName="u-carol", GroupPrincipals={"github": {"Items": items}})
    )
    found.append(obj(MANAGEMENT, "Feature", "aggregated-roletemplates", spec={"value": aggregated}, status={}))
    found += [obj(RBAC, "ClusterRole", name, rules=ROLES[name]) for name in ("view", "edit")]
    found += [
        template("view", external=True),
        template("edit", external=True),
        template("read-only", [rule("core", "nodes", "get,list")], roleTemplateNames=["view"]),
        template("project-member", [rule("core", "namespaces", "create")], roleTemplateNames=["edit"]),
        template("locked", ROLES["pods"], locked=True),
        template("pods-and-more", [rule("core", "pods", "get,list,delete")]),
        template("everything", [rule("*", "*", "*")]),
    ]
    return found


def objects(raw: Iterable[Raw]) -> list[KubernetesObject]:
    """Decode manifests of kinds that a snapshot keeps."""
    return [item for item in map(decode, raw) if item is not None]


def estate(raw: Iterable[Raw] = (), bound: Iterable[Raw] = (), *, aggregated: bool = False) -> Estate:
    """Put raw bindings onto the cluster and role template bindings into Rancher, with what it renders of them.

    What has the name of something that is there takes its place.
    """
    tenants = list({item.key: item for item in objects([*harvester(), *raw])}.values())
    managers = list({item.key: item for item in objects([*rancher(aggregated=aggregated), *bound])}.values())
    bare = Rancher(Cluster("rancher", managers))
    made = render(bare, {ID: Cluster("harvester", tenants)}, aggregated_model=aggregated)
    return Estate(Snapshot([_filled("harvester", tenants, made[ID]), _filled("rancher", managers, made["local"])]))


def _filled(name: str, own: list[KubernetesObject], made: Iterable[KubernetesObject]) -> Cluster:
    there = {item.key: item for item in made}
    return Cluster(name, {**there, **{item.key: item for item in own}}.values(), collected=KINDS)


def view(of: Estate) -> View:
    """The Harvester cluster."""
    return of.harvesters[0]


def planned(
    of: Estate,
    allow: str = "none",
    rules: tuple[str, ...] = (),
    *,
    objects: tuple[str, ...] = (),
    subjects: tuple[str, ...] = (),
    projects: tuple[str, ...] = (),
) -> Plan:
    """Plan the findings of rules; without any, every raw binding that is chosen."""
    known = [item for item in RULES if item.id in rules]
    found = evaluate(of, known).findings
    request = Request(
        findings=found,
        rules=rules,
        objects=objects,
        subjects=subjects,
        projects=projects,
        allow_gain=AllowGain(allow),
        version="1",
    )
    return plan(of, view(of), request)


KUBEVIRT = (KUBEVIRT_ONLY,)
