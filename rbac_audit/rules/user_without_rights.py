"""Users without any right.

## What
Rancher users, enabled and none of Rancher's own, to whom nothing is given: no cluster or project role template binding
and no global role, by themselves or by a group that Rancher knows them in, and no right by a binding of the clusters
that were read. The global role user-base, which Rancher ships, only lets them log in and look after themselves, and
counts as none; the global role user lets them create clusters, and counts. Who comes from an identity provider and has
never logged in is left out, because Rancher does not know their groups yet. One finding names them all.

## Why
They see nothing and can still log in, hold tokens, and get whatever is given to everybody who is logged in. Mostly they
are left from a person who moved on, or from a group that was taken out.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-idle}
globalRoleName: user-base
userName: u-idle
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-idle}
globalRoleName: user
userName: u-idle
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-idle}
username: idle
---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: user-base}
builtin: true
---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: user}
builtin: true
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import GlobalBinding, Owner
from rbac_audit.rancher.model import WHO_IS_WHO, Rancher
from rbac_audit.rancher.people import Person
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRoleBinding, ObjectRef, RoleBinding, Subject, User, UserAttribute

_LOGIN_ONLY = "user-base"


def check(view: View) -> Iterator[Problem]:
    """Name the users whom no binding reaches, all of one Rancher together."""
    rancher = own_rancher(view)
    if rancher is None:
        return
    owners: tuple[Owner, ...] = (*rancher.bindings, *rancher.globals)
    held = {(owner.subject.kind, owner.subject.name) for owner in owners if owner.subject and _gives(owner)}
    learnt = {item.name for item in rancher.cluster.of(UserAttribute)}
    idle = [
        person
        for person in rancher.people.all
        if person.enabled
        and not person.system
        and (person.user in learnt or all(principal.startswith("local://") for principal in person.principals))
        and held.isdisjoint([("User", person.user), *(("Group", group) for group in person.groups)])
        and not _holds_raw(view, person)
    ]
    if idle:
        yield _problem(view, rancher, idle)


def _gives(owner: Owner) -> bool:
    """Tell whether a binding gives a right beyond a login; a global role that does not exist gives none."""
    if not isinstance(owner, GlobalBinding):
        return True
    return owner.role is not None and not (owner.role.builtin and owner.role.name == _LOGIN_ONLY)


def _holds_raw(view: View, person: Person) -> bool:
    """Tell whether a binding on a cluster gives a right.

    That everybody may see their own user (rancher pkg/user/manager: grb-<user>-view), and what Rancher renders from
    the login, are none.
    """
    login = {("", f"{person.user}-view"), ("", f"cattle-globalrole-{_LOGIN_ONLY}")}
    keys = (f"u:{person.user}", *(f"g:{group}" for group in person.groups))
    return any(
        binding.role not in login and there.access.rules(binding.role)
        for there in view.managed or (view,)
        for binding in there.access.bound_to(*keys)
    )


def _problem(view: View, rancher: Rancher, idle: list[Person]) -> Problem:
    users = tuple(ObjectRef(User.group, "User", person.user, "", view.name) for person in idle)
    subjects = tuple(Subject(kind="User", name=person.user) for person in idle)
    unread = _unread(view, rancher)
    doubt = f", unless by a binding on {names(unread)}, not all of whose bindings were read" if unread else ""
    return Problem(
        target=users[0],
        message=f"nothing is given to {names(subjects)} beyond the login, though enabled{doubt}",
        related=users[1:],
        subjects=subjects,
        scope=FindingScope(cluster_wide=True),
        confidence=Confidence.POSSIBLE if unread else Confidence.CERTAIN,
    )


def _unread(view: View, rancher: Rancher) -> list[str]:
    """Name the clusters of a Rancher on which a binding may be that was not read."""
    kinds = (RoleBinding, ClusterRoleBinding)
    whole = {
        "local" if there.cluster is rancher.cluster else there.rancher_id
        for there in view.managed or (view,)
        if all(there.cluster.whole(kind) for kind in kinds)
        and not there.cluster.unread_namespaces
        and not any(gap.may_hide(kind, there.name) for gap in view.gaps for kind in kinds)
    }
    return sorted(rancher.clusters.keys() - whole)


def _undecided(view: View) -> str:
    half = [kind.kind for kind in WHO_IS_WHO if not view.cluster.whole(kind)]
    half += [kind.kind for kind in WHO_IS_WHO for gap in view.gaps if gap.may_hide(kind, view.name)]
    return f"not every {names(dict.fromkeys(half))} could be read from {view.name}" if half else ""


RULE = Rule(
    id="user-without-rights",
    page=__doc__ or "",
    severity=Severity.INFO,
    on=On.MANAGEMENT,
    needs=WHO_IS_WHO,
    undecided=_undecided,
    fix=Fix(
        Safety.MANUAL,
        "Ask who they are; disable those whom nobody needs, then delete them. Give the others what they wait for.",
    ),
    references=(
        "rancher/rancher pkg/data/management/role_data.go (user-base)",
        "rancher/rancher pkg/user/manager (the ClusterRole <user>-view)",
    ),
    check=check,
)
