"""Tenants may run privileged pods.

## What
Somebody who is neither of the platform nor an owner of the cluster may create pods, or change what runs them, in a
namespace where no Pod Security Standard is enforced: the setting cluster-pod-security-standard is off or not there
(Harvester before v1.8), or the namespace has the label `pod-security.kubernetes.io/enforce: privileged` or was left out
of what the setting does. Nothing has been changed for the first: this is how Harvester comes, and it is told once for
the cluster, as medium. Whether the API server was started with another default is not to be seen in any object.

## Why
A privileged pod with a path of the host in it is root on its node, and from there reaches the disks of all VMs and the
accounts of the platform. Owners and members of a project may create pods in its namespaces (by `admin` and `edit`), so
without a standard each of them is one step from owning the cluster.

## Example
```yaml flagged
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: cluster-pod-security-standard}
default: '{"enabled": false, "whitelistedNamespacesList": ""}'
---
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev}
```

```yaml flagged
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: cluster-pod-security-standard}
value: '{"enabled": true, "privilegedNamespacesList": "shop-dev"}'
---
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, labels: {pod-security.kubernetes.io/enforce: privileged}}
```

```yaml clean
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: cluster-pod-security-standard}
value: '{"enabled": true}'
---
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, labels: {pod-security.kubernetes.io/enforce: baseline}}
```

```yaml both
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules:
- {apiGroups: [apps], resources: [deployments], verbs: [create, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: devs, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-bob}
```
"""

from collections.abc import Iterator

import msgspec

from rbac_audit.access import Permission
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, scope_of, target_of
from rbac_audit.audit.finding import Confidence, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rules._holders import Held, held_by_tenants, how_many, reach_of, roles_holding
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, HarvesterSetting, Namespace, Role, RoleBinding

_SETTING = "cluster-pod-security-standard"
_ENFORCE = "pod-security.kubernetes.io/enforce"
_MANAGED = "pss.harvesterhci.io/managed"
_CHANGE = tuple(
    Permission(verb, group, kind)
    for group, kinds in (
        ("", ("pods/ephemeralcontainers", "replicationcontrollers")),
        ("apps", ("deployments", "daemonsets", "statefulsets", "replicasets")),
        ("batch", ("jobs", "cronjobs")),
    )
    for kind in kinds
    for verb in ("update", "patch")
)
_MAKE = (
    Permission("create", "", "pods"),
    *(Permission("create", right.api_group, right.resource) for right in _CHANGE if "/" not in right.resource),
)
_LABEL = Fix(
    Safety.CONSENT,
    "Take the namespace off the list in cluster-pod-security-standard that leaves it out, or give it the label "
    "pod-security.kubernetes.io/enforce: baseline; a workload that must be privileged belongs in a namespace where no "
    "tenant may create pods.",
)


def check(view: View) -> Iterator[Problem]:
    """Find the namespaces without a standard in which tenants may create pods."""
    unchecked = {item.name: item for item in view.cluster.of(Namespace) if view.is_harvester and _is_unchecked(item)}
    held: dict[str, list[Held]] = {}
    for item in held_by_tenants(view, roles_holding(view, (*_MAKE, *_CHANGE), _CHANGE)):
        place = item.binding.namespace
        if place in unchecked and view.classes.namespace_class(place) != "system":
            held.setdefault(place, []).append(item)
    setting = next((item for item in view.cluster.of(HarvesterSetting) if item.name == _SETTING), None)
    if held and not (setting is not None and _is_enabled(setting)):
        yield _everywhere(view, setting, held)
    else:
        yield from (_problem(view, unchecked[name], found) for name, found in held.items())


def _is_unchecked(namespace: Namespace) -> bool:
    # What is no level counts as restricted (k8s.io/pod-security-admission api/helpers.go, ParseLevel).
    return namespace.metadata.labels.get(_ENFORCE, "privileged") == "privileged"


def _is_enabled(setting: HarvesterSetting) -> bool:
    """Read the setting as Harvester does (pkg/settings/settings_helper.go, GetPodSecuritySetting)."""
    try:
        value = msgspec.json.decode(setting.value or setting.default)
    except (msgspec.DecodeError, RecursionError):
        return False
    return isinstance(value, dict) and value.get("enabled") is True


def _everywhere(view: View, setting: HarvesterSetting | None, held: dict[str, list[Held]]) -> Problem:
    every = [item for _, found in sorted(held.items()) for item in found]
    spaces = [item.ref(view.name) for item in view.cluster.of(Namespace) if item.name in held]
    scope, reach = reach_of(every)
    absent = "not there" if view.cluster.whole(HarvesterSetting) else "not known"
    return Problem(
        target=setting.ref(view.name) if setting else spaces[0],
        message=f"{_SETTING} is {'off' if setting else absent}, and {how_many(every)} may create pods {reach}: a "
        f"privileged one is root on its node, unless the API server was started with another default",
        related=tuple(spaces if setting else spaces[1:])[:10],
        scope=scope,
        chain=chain_of(view, every[0].grant, every[0].tenants[0]),
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,
    )


def _problem(view: View, namespace: Namespace, held: list[Held]) -> Problem:
    tenants = tuple(dict.fromkeys(subject for item in held for subject in item.tenants))
    labels = namespace.metadata.labels
    how = f"has the label {_ENFORCE}: privileged" if _ENFORCE in labels else f"is left out, although {_SETTING} is on"
    by = ", as the setting lists it" if _MANAGED in labels else ""
    return Problem(
        target=namespace.ref(view.name),
        message=f"{namespace} {how}{by}, and {names(tenants)} may create pods there: a privileged one is root on its "
        f"node",
        related=tuple(dict.fromkeys(target_of(view, item.binding) for item in held)),
        subjects=tenants,
        scope=scope_of(view, [item.binding for item in held]),
        chain=chain_of(view, held[0].grant, held[0].tenants[0]),
        confidence=Confidence.CERTAIN if _ENFORCE in labels else Confidence.POSSIBLE,
        fix=_LABEL,
    )


RULE = Rule(
    id="pod-security-off",
    page=__doc__ or "",
    severity=Severity.HIGH,
    needs=(Namespace, RoleBinding),
    uses=(HarvesterSetting, ClusterRole, Role),
    fix=Fix(
        Safety.CONSENT,
        "Turn cluster-pod-security-standard on (Harvester v1.8 and newer): it gives every namespace but the platform's "
        "the standard baseline. Before v1.8, give the namespaces of projects the label "
        "pod-security.kubernetes.io/enforce: baseline. Label one namespace with `warn` first, and see what would be "
        "refused in it, its VMs included.",
    ),
    references=(
        "https://github.com/harvester/harvester/issues/8196",
        "harvester/harvester pkg/controller/master/setting/cluster_pod_security_standard.go",
        "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
        "https://harvesterhci.io/kb/2025/05/08/using-pod-security-standard",
    ),
    check=check,
)
