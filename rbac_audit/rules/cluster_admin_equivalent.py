"""Somebody may do everything on the cluster.

## What
A subject holds every verb on every resource through a cluster-wide binding, whatever the role is called, and is
neither shipped nor an individual administrator in Rancher. A group that is cluster owner or global administrator is
reported too, with the members that are known: whoever joins it in the identity provider owns the cluster. The
individual administrators and owners are listed in one finding, for information.

## Why
Such a subject reads every Secret, opens every VM, and can hide what it did. Each one has to be wanted, known and
reviewed. A global administrator is cluster-admin on every cluster that Rancher manages, and on Rancher's own.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: ops}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ops}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: ext-admin}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cluster-admin}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
- {nonResourceURLs: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: harvester}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {kind: ServiceAccount, name: harvester, namespace: harvester-system}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Binding
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import MASTERS, placed, subject_key
from rbac_audit.access.permission import EVERYTHING
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, scope_of, target_of
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.platform import is_platform
from rbac_audit.rancher.bindings import GlobalBinding
from rbac_audit.rancher.model import WHO_IS_WHO
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, ObjectRef, Subject

_JOIN = Fix(
    Safety.CONSENT,
    "Name the people instead of the group, or have membership of the group reviewed by whoever answers for the "
    "cluster.",
)
_NOTHING = Fix(Safety.MANUAL, "Review the list: is each of them still needed?")


def check(view: View) -> Iterator[Problem]:
    """Sort who may do everything: strangers, unknown parts of the platform, groups, and individual owners."""
    owners: dict[Subject, dict[ObjectRef, None]] = {}
    groups: dict[Subject, list[tuple[Binding, Grant]]] = {}
    for subject, grant, binding in _holders(view):
        if view.classes.is_shipped(binding, grant.rule, subject) or subject.name == MASTERS:
            continue
        if not view.standing.is_owner_through(binding, subject):
            yield _stranger(view, binding, subject, grant, platform=is_platform(subject) and subject.kind != "Group")
        elif subject.kind == "User":
            owners.setdefault(subject, {})[target_of(view, binding)] = None
        else:
            groups.setdefault(subject, []).append((binding, grant))
    for subject, held in groups.items():
        yield _group(view, subject, held)
    if owners:
        yield _inventory(view, owners)


def _holders(view: View) -> Iterator[tuple[Subject, Grant, Binding]]:
    for grant in view.access.holders(EVERYTHING):
        binding = grant.binding
        if binding is not None and not binding.namespace:
            for subject in dict.fromkeys(binding.subjects):
                if subject_key(subject, "") is not None:
                    yield placed(subject, ""), grant, binding


def _stranger(view: View, binding: Binding, subject: Subject, grant: Grant, *, platform: bool) -> Problem:
    claim = view.ownership[binding].claim
    failed = ", whose mark of Rancher is not true," if claim in {Claim.ORPHANED, Claim.FORGED} else ""
    what = "neither shipped nor an owner in Rancher" if view.rancher else "not shipped; owners in Rancher are not known"
    what = "an account of the platform that no known component ships this way" if platform else what
    return Problem(
        target=target_of(view, binding),
        message=f"{subject} may do everything on cluster {view.name} through {binding.source}{failed} to "
        f"{binding.role_ref.kind} {binding.role_ref.name}, and is {what}",
        subjects=(subject,),
        scope=scope_of(view, (binding,)),
        chain=chain_of(view, grant, subject),
        severity=Severity.MEDIUM if platform else None,
        confidence=Confidence.POSSIBLE if platform or view.rancher is None else Confidence.CERTAIN,
        key=binding.name,
    )


def _group(view: View, subject: Subject, held: list[tuple[Binding, Grant]]) -> Problem:
    made = [item for item in held if any(isinstance(it, GlobalBinding) for it in view.ownership[item[0]].owners)]
    binding, grant = (made or held)[0]
    target = target_of(view, binding)
    members = view.people.members(subject.name)
    known = f"of {len(members)} known members" if members else "whose members are not known"
    display = view.display_name(subject)
    refs = (item.source.ref(view.name) for item, _ in held)
    return Problem(
        target=target,
        message=f"{subject}{f' ({display})' if display else ''}, a group {known}, may do everything on "
        f"{'every cluster that Rancher manages' if made else f'cluster {view.name}'}",
        related=tuple(ref for ref in refs if ref != target),
        subjects=(subject,),
        scope=scope_of(view, [item for item, _ in held]),
        chain=chain_of(view, grant, subject),
        severity=Severity.CRITICAL if made else Severity.HIGH,
        fix=_JOIN,
    )


def _inventory(view: View, owners: dict[Subject, dict[ObjectRef, None]]) -> Problem:
    shown = (view.display_name(subject) or subject.name for subject in owners)
    unproven = ", as far as their bindings say" if view.rancher is None else ""
    return Problem(
        target=ObjectRef(ClusterRole.group, ClusterRole.kind, "cluster-admin", "", view.name),
        message=f"{len(owners)} {'person owns' if len(owners) == 1 else 'people own'} cluster {view.name}{unproven}: "
        f"{names(shown, 10)}",
        related=tuple(dict.fromkeys(ref for refs in owners.values() for ref in refs)),
        subjects=tuple(owners),
        scope=FindingScope(cluster_wide=True),
        severity=Severity.INFO,
        confidence=Confidence.POSSIBLE if unproven else Confidence.CERTAIN,
        fix=_NOTHING,
        key="inventory",
    )


RULE = Rule(
    id="cluster-admin-equivalent",
    page=__doc__ or "",
    severity=Severity.CRITICAL,
    on=On.ALL,
    needs=(ClusterRole, ClusterRoleBinding),
    uses_rancher=WHO_IS_WHO,
    fix=Fix(
        Safety.CONSENT,
        "Delete the binding, or make the person a cluster owner in Rancher, where everybody sees it; give programs the "
        "rights that they use.",
    ),
    references=(
        "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege",
        "rancher/rancher pkg/controllers/managementuser/rbac/globalrolebinding_handler.go (globaladmin-*)",
    ),
    check=check,
)
