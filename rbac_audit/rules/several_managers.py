"""Bindings of two Ranchers on one cluster.

## What
RoleBindings and ClusterRoleBindings of a cluster whose marks lead to more than one id of it. The legacy model writes
the id of the cluster (`c-m-…`) into the label authz.cluster.cattle.io/rtb-owner-updated, or into a label with the value
owner-user. A mark of the aggregated model names its owner only: where the Rancher that was read does not know it, the
annotation field.cattle.io/projectId of the namespace says for which cluster it was made. Also told is an agent
(Deployment cattle-system/cattle-cluster-agent) whose variable CATTLE_SERVER names another host than the setting
server-url of the Rancher that manages the cluster, or, where that was not read, than cluster-registration-url.

## Why
Either two Ranchers manage the cluster, or it was imported anew and the bindings of the earlier import were left.
Each Rancher takes away only what it made itself, so members who were removed in one keep what the other gave.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rb-old
  namespace: shop-dev
  labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-old00001-p-shop_prtb-1}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-erin}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rb-old
  namespace: shop-dev
  labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-1}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-erin}
```

```yaml both
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rb-new
  namespace: shop-dev
  labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-2}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-bob}
```
"""

import re
from collections.abc import Iterator

from rbac_audit.access import Binding
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rancher.naming import CRTB_OWNER, LEGACY_OWNER, PRTB_OWNER
from rbac_audit.rancher.ownership import Ownership
from rbac_audit.rancher.projects import PROJECT_ID
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRoleBinding,
    Deployment,
    HarvesterSetting,
    Namespace,
    ObjectRef,
    RancherSetting,
    RoleBinding,
)

# The namespace of the template binding: the cluster's id, or the backing namespace of a project, which begins with it.
_ID = re.compile(r"(c-m-[a-z0-9]{8}|c-[a-z0-9]{5})(?=[-_])")
_MANAGED = re.compile(r"c-(m-)?[a-z0-9]+\Z")
_LEGACY_SHARED = "owner-user"


def check(view: View) -> Iterator[Problem]:
    """Group the marked bindings by the id that they name, and look whom the agent obeys."""
    agent = _agent(view)
    yield from _several_ids(view, agent)
    if agent is not None:
        yield from _foreign_agent(view, agent)


def _agent(view: View) -> Deployment | None:
    place = ("cattle-system", "cattle-cluster-agent")
    found = (item for item in view.cluster.of(Deployment) if (item.namespace, item.name) == place)
    return next((item for item in found if item.rancher_server), None)


def _several_ids(view: View, agent: Deployment | None) -> Iterator[Problem]:
    """Report the bindings of all ids but the one of now, else of the most frequent one."""
    found = _by_id(view)
    if _MANAGED.match(view.rancher_id):
        found.setdefault(view.rancher_id, [])
    here, *others = sorted(found, key=lambda name: (name != view.rancher_id, -len(found[name]), name)) or [""]
    obeyed = f"{agent} obeys {agent.rancher_server}" if agent else ""
    for other in others:
        left = found[other]
        yield Problem(
            target=left[0].ref(view.name),
            message=f"marked as made for cluster {other}: {len(left)} bindings, for {here}: {len(found[here])}; two "
            f"Ranchers manage this cluster, or an earlier import was left ({names(left)})",
            related=tuple(item.ref(view.name) for item in left[1:]),
            subjects=tuple(dict.fromkeys(subject for item in left for subject in item.subjects)),
            scope=FindingScope(cluster_wide=True),
            chain=(Link("fact", obeyed, agent.ref(view.name)),) if agent else (),
            # Which of the two still runs, labels do not say.
            confidence=Confidence.POSSIBLE,
            key=other,
        )


def _by_id(view: View) -> dict[str, list[RoleBinding | ClusterRoleBinding]]:
    projects = [item.metadata.annotations.get(PROJECT_ID, "") for item in view.cluster.of(Namespace)]
    of_project: dict[str, set[str]] = {}
    for cluster, _, project in {item.partition(":") for item in projects if ":" in item}:
        of_project.setdefault(project, set()).add(cluster)
    found: dict[str, list[RoleBinding | ClusterRoleBinding]] = {}
    named: dict[str, str] = {}
    for binding, verdict in view.ownership.items():
        ids: dict[str, None] = {}
        for key, value in binding.source.metadata.labels.items():
            if key == LEGACY_OWNER or value == _LEGACY_SHARED:
                owner = value if key == LEGACY_OWNER else key
                if owner not in named:
                    named[owner] = match[1] if (match := _ID.match(owner)) else ""
                ids[named[owner]] = None
            elif value == "true" and key.startswith((PRTB_OWNER, CRTB_OWNER)):
                ids[_aggregated(view, binding, verdict, of_project)] = None
        for name in filter(None, ids):
            found.setdefault(name, []).append(binding.source)
    return found


def _aggregated(view: View, binding: Binding, verdict: Ownership, of_project: dict[str, set[str]]) -> str:
    """Find the cluster of a mark that names an owner only: the known owner's, else that of the project; "" for none."""
    if verdict.owners:
        known = {view.rancher_id}
    elif binding.namespace:
        project = view.projects.of(binding.namespace)
        known = {project.id.partition(":")[0]} if project else set()
    else:
        known = of_project.get(binding.role_ref.name.partition("-namespaces-")[0], set())
    name = next(iter(known), "")
    return name if len(known) == 1 and _MANAGED.match(name) else ""


def _foreign_agent(view: View, agent: Deployment) -> Iterator[Problem]:
    """Compare the agent's Rancher with the managing one, else with the one that the setting names."""
    manager = view.rancher if view.rancher is not None and view.rancher.cluster is not view.cluster else None
    url = manager.setting("server-url") if manager else None
    if manager and url and manager.host:
        host, because = manager.host, url.ref(manager.cluster.name)
        expected = f"the Rancher that manages this cluster is {host}"
    elif setting := next((item for item in view.cluster.of(HarvesterSetting) if item.registration), None):
        host, because = setting.registration.host.lower() if setting.registration else "", setting.ref(view.name)
        expected = f"{setting} names {host}"
    else:
        return
    if host and agent.rancher_server != host:
        yield _obeys_another(view, agent, because, expected)


def _obeys_another(view: View, agent: Deployment, because: ObjectRef, expected: str) -> Problem:
    return Problem(
        target=agent.ref(view.name),
        message=f"{agent} obeys {agent.rancher_server}, but {expected}: two Ranchers manage this cluster, or both "
        "names are of one",
        related=(because,),
        scope=FindingScope(cluster_wide=True),
        confidence=Confidence.POSSIBLE,
        key="agent",
    )


RULE = Rule(
    id="several-managers",
    page=__doc__ or "",
    severity=Severity.HIGH,
    uses=(RoleBinding, ClusterRoleBinding, Namespace, Deployment),
    uses_rancher=(RancherSetting,),
    fix=Fix(
        Safety.MANUAL,
        "See which Rancher the agent of the cluster obeys (variable CATTLE_SERVER of Deployment "
        "cattle-system/cattle-cluster-agent). Remove the cluster from the other Rancher, then delete the bindings that "
        "bear its id.",
    ),
    references=(
        "rancher/rancher pkg/controllers/managementuser/rbac/handler_base.go (rtbOwnerLabel)",
        "rancher/rancher pkg/controllers/managementuser/rbac/roletemplates/prtb_handler.go",
        "rancher/rancher pkg/systemtemplate/template.go (CATTLE_SERVER)",
    ),
    check=check,
)
