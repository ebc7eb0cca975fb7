"""Somebody may act as a user of Rancher.

## What
A cluster-wide binding by which somebody may impersonate users that Rancher has, by their names: the ClusterRole
cattle-impersonation-<user>, which is Rancher's own for its account of that user, bound to somebody else, or a role of
one's own with such a rule. It is critical where one of the users owns the cluster. The accounts of the platform and
owners of the cluster are not meant, nor is who may only act as themselves. Who may impersonate everybody is told by
cluster-escalation-verbs; who gets at Rancher's accounts in cattle-impersonation-system, by a token, a Secret or a pod,
by system-project-member, cluster-wide-edit and cluster-wide-secret-read.

## Why
What Rancher's proxy asks of a cluster, it asks as that account, in the name of the user. Whoever holds the same right
does what the user may do, in every project of theirs, and the API server's audit log names the user as the one who did
it.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: on-call}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cattle-impersonation-u-olivia}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-erin}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cattle-impersonation-u-olivia}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cattle-impersonation-u-olivia}
subjects:
- {kind: ServiceAccount, name: cattle-impersonation-u-olivia, namespace: cattle-impersonation-system}
```

```yaml both
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cattle-impersonation-u-olivia}
rules:
- {apiGroups: [""], resources: [users], verbs: [impersonate], resourceNames: [u-olivia]}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-olivia}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Binding, Permission, RoleKey
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import subject_key
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, scope_of
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.platform import is_platform
from rbac_audit.rules._claims import known_people
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, PolicyRule, Subject, User

_IMPERSONATE = Permission("impersonate", "", "users")


def check(view: View) -> Iterator[Problem]:
    """Find the roles that impersonate known users by name, then who is bound to them cluster-wide."""
    known = {person.user for people in known_people(view) for person in people.all}
    for (role, rule), users in _roles(view, known).items():
        for binding in view.access.by_role.get(role, ()):
            holders = () if binding.namespace else tuple(_holders(view, binding, users))
            if holders:
                yield _problem(view, Grant(binding, rule), binding, users, holders)


def _roles(view: View, known: set[str]) -> dict[tuple[RoleKey, PolicyRule], tuple[str, ...]]:
    """Map each role with such a rule to the users that the rule names."""
    found: dict[tuple[RoleKey, PolicyRule], tuple[str, ...]] = {}
    for role, rule in view.access.allowing_named(_IMPERSONATE):
        if users := tuple(sorted(known.intersection(rule.resource_names))):
            found[role, rule] = users
    return found


def _holders(view: View, binding: Binding, users: tuple[str, ...]) -> Iterator[Subject]:
    for subject in dict.fromkeys(binding.subjects):
        himself = subject.kind == "User" and users == (subject.name,)
        matched = subject_key(subject, "") is not None and not himself
        if matched and not is_platform(subject) and not view.standing.is_owner_through(binding, subject):
            yield subject


def _problem(
    view: View, grant: Grant, binding: Binding, users: tuple[str, ...], holders: tuple[Subject, ...]
) -> Problem:
    acted = tuple(Subject(kind="User", name=user) for user in users)
    owners = [user for user in acted if view.standing.is_cluster_owner(user)]
    owning = f", and {names(owners)} owns the cluster" if owners else ""
    return Problem(
        target=binding.source.ref(view.name),
        message=f"{names(holders)} may act as {names(acted)}{owning}",
        subjects=holders,
        scope=scope_of(view, (binding,)),
        chain=chain_of(view, grant, holders[0]),
        severity=Severity.CRITICAL if owners else None,
        key=" ".join(users),
    )


RULE = Rule(
    id="user-impersonation",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.ALL,
    needs=(ClusterRole, ClusterRoleBinding),
    needs_rancher=(User,),
    fix=Fix(
        Safety.CONSENT,
        "Delete the binding, and give the subject the role template that it needs under its own name.",
    ),
    references=(
        "rancher/rancher pkg/impersonation/impersonation.go",
        "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation",
    ),
    check=check,
)
