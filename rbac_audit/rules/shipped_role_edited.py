"""A shipped role was edited in place.

## What
A role of Kubernetes, KubeVirt, CDI, Harvester, Longhorn or Rancher, or a built-in role template or global role, has
rights that no version of it ships, or lacks some. The message says which. A role template or global role that only says
that it is built in is told as well. Aggregated roles are judged by their parts (see aggregation-changed).

## Why
Everybody who holds the role has the added rights, mostly without anyone knowing, until its owner writes the role again:
virt-operator soon, Rancher at its next start, Helm at the next upgrade. The API server never takes out what was added
to its own roles; at its next start it gives back what is missing. A changed ClusterRole of the Harvester chart also
leaves its bundle in the state Modified, which may block the next upgrade.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "instancetype.kubevirt.io:view"}
rules:
- apiGroups: [instancetype.kubevirt.io]
  resources: [virtualmachineclusterinstancetypes, virtualmachineclusterpreferences]
  verbs: [get, list, watch]
- {apiGroups: [""], resources: [secrets], verbs: [get]}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "instancetype.kubevirt.io:view"}
rules:
- apiGroups: [instancetype.kubevirt.io]
  resources: [virtualmachineclusterinstancetypes, virtualmachineclusterpreferences]
  verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: of-ours}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get]}
```
"""

from collections.abc import Iterator

from rbac_audit.access import RoleKey
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.baseline import Match, Verdict
from rbac_audit.harvester.resets import resets
from rbac_audit.harvester.role_templates import Change, change_of, knows_rancher
from rbac_audit.rules._shipped import confidence_of, match_installed
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, GlobalRole, Role, RoleTemplate

_BUILTIN = "authz.management.cattle.io/bootstrapping"


def check(view: View) -> Iterator[Problem]:
    """Compare every role, and where Rancher's objects are what is built in there, with what is shipped."""
    for key, role in view.access.roles.items():
        match = match_installed(view, role)
        aggregated = match.nearest is not None and match.nearest.aggregation_selectors
        if match.verdict is Verdict.DIFFERS and not aggregated and (match.added.atoms or match.removed.atoms):
            yield _role(view, role, match, _reach(view, key))
    known: tuple[RoleTemplate | GlobalRole, ...] = (*view.cluster.of(RoleTemplate), *view.cluster.of(GlobalRole))
    for item in known:
        change = change_of(item) if item.builtin or _BUILTIN in item.metadata.labels else None
        if change is not None and (change.added or change.removed):
            yield _of_rancher(view, item, change)
        elif item.builtin and change is None and knows_rancher(view.versions.get("rancher", "")):
            yield _not_built_in(view, item)


def _reach(view: View, key: RoleKey) -> str:
    """Say who has the change: the aggregated roles that it goes into, or how many bindings name the role."""
    aggregation = view.access.aggregation
    into = [name for name in aggregation.names if not key[0] and key[1] in aggregation.members(name)]
    bound = len(view.access.by_role.get(key, ()))
    words = [f"aggregated into {names(into)}"] if into else []
    words += [f"bound {bound} times"] if bound else []
    return " and ".join(words) or "bound to nobody"


def _role(view: View, role: ClusterRole | Role, match: Match, reach: str) -> Problem:
    component = match.nearest.component if match.nearest else ""
    blocks = role.metadata.annotations.get("meta.helm.sh/release-name") == "harvester" or role.name.startswith(
        "harvesterhci.io:"
    )
    own = resets(component, role.kind, role.name, more=bool(match.added.atoms))
    end = "; the edit goes at the next upgrade and may block it" if blocks else f"; {own}"
    return Problem(
        target=role.ref(view.name),
        message=f"{role} ({reach}) is not as {component} ships it: "
        f"{_words(tuple(map(str, sorted(match.added.atoms))), tuple(map(str, sorted(match.removed.atoms))))}{end}",
        scope=FindingScope((role.namespace,)) if role.namespace else FindingScope(cluster_wide=True),
        severity=None if match.added.atoms else Severity.MEDIUM,
        confidence=confidence_of(view, match),
    )


def _of_rancher(view: View, item: RoleTemplate | GlobalRole, change: Change) -> Problem:
    known = knows_rancher(view.versions.get("rancher", ""))
    kept = isinstance(item, GlobalRole) and item.inherited_namespaced_rules
    end = "does not reset its inheritedNamespacedRules" if kept else "resets it at its next start"
    return Problem(
        target=item.ref(view.name),
        message=f"built-in {item}{in_brackets(item.display_name)} is not as Rancher ships it: "
        f"{_words(change.added, change.removed)}; Rancher {end}",
        severity=None if change.added else Severity.MEDIUM,
        confidence=Confidence.CERTAIN if known else Confidence.POSSIBLE,
    )


def _not_built_in(view: View, item: RoleTemplate | GlobalRole) -> Problem:
    return Problem(
        target=item.ref(view.name),
        message=f"{item}{in_brackets(item.display_name)} says that it is built in, but Rancher has none of that name: "
        f"whoever trusts what is built in trusts it too",
        # Another part of Rancher than that whose roles are kept may ship it.
        confidence=Confidence.POSSIBLE,
        key="builtin",
        fix=Fix(
            Safety.MANUAL,
            "Find out who set `builtin`, which the webhook lets nobody do, and what else was written then; make a role "
            "of your own with the wanted rights and delete this one.",
        ),
    )


def _words(added: tuple[str, ...], removed: tuple[str, ...]) -> str:
    parts = [f"it also has {names(added, 5)}"] if added else []
    parts += [f"it lacks {names(removed, 5)}"] if removed else []
    return " and ".join(parts)


RULE = Rule(
    id="shipped-role-edited",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.ALL,
    uses=(ClusterRole, Role),
    uses_rancher=(RoleTemplate, GlobalRole),
    fix=Fix(
        Safety.CONSENT,
        "Put the wanted rights into a role or role template of your own and bind that; then restore the shipped one "
        "(`rbac-audit fix plan` does, where the version is known) from its chart or by a restart of its operator.",
    ),
    references=(
        "kubernetes/kubernetes pkg/registry/rbac/rest/storage_rbac.go (ensureRBACPolicy)",
        "kubevirt/kubevirt pkg/virt-operator/resource/apply/rbac.go",
        "rancher/rancher pkg/data/management/rolebuilder.go",
        "harvester/harvester package/upgrade/upgrade_manifests.sh (upgrade_managedchart_harvester)",
    ),
    check=check,
)
