"""Users of an identity provider whom nobody has seen for long keep what they have.

## What
Enabled users of an identity provider who hold something in Rancher and have not logged in for 90 days, while Rancher's
settings disable-inactive-user-after and delete-inactive-user-after are both empty. How long ago a login was is told by
the newest date among Rancher's own objects, or by the date of the audit. Local users are not meant, nor is who never
logged in.

## Why
Rancher does not learn that the provider deleted or locked somebody: the user object, its bindings and its tokens stay
(CVE-2023-22650, and for Azure AD the rights of old groups, CVE-2023-22648). Since v2.8.5 and v2.7.14 it can disable and
delete who does not log in any more, which is off by default.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {name: disable-inactive-user-after}
value: ""
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {name: disable-inactive-user-after}
value: 720h
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-left}
principalIds: ["azuread_user://0001", "local://u-left"]
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-left}
lastLogin: "2026-01-05T10:00:00Z"
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-left, creationTimestamp: "2026-07-01T10:00:00Z"}
globalRoleName: user
userName: u-left
```
"""

import datetime
from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import Owner
from rbac_audit.rancher.people import Person
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._dates import moment, newest
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    GlobalRoleBinding,
    ObjectRef,
    ProjectRoleTemplateBinding,
    RancherSetting,
    Subject,
    User,
    UserAttribute,
)

_LONG = datetime.timedelta(days=90)
_RETENTION = ("disable-inactive-user-after", "delete-inactive-user-after")


def check(view: View) -> Iterator[Problem]:
    """Name the users who are gone by the look of it, where nothing disables them."""
    rancher = own_rancher(view)
    if rancher is None or any(found.value or found.default for found in map(rancher.setting, _RETENTION) if found):
        return
    owners: tuple[Owner, ...] = (*rancher.bindings, *rancher.globals)
    held = {(owner.subject.kind, owner.subject.name) for owner in owners if owner.subject}
    now = max((date for date in (newest(view), moment(view.today)) if date is not None), default=None)
    if now is None:
        return
    made = {user.name: user.metadata.creation_timestamp for user in rancher.cluster.of(User)}
    away = (person for person in rancher.people.all if _is_away(person, made.get(person.user, ""), now))
    gone = [person for person in away if not held.isdisjoint(_known_as(person))]
    if gone:
        yield _problem(view, rancher.setting(_RETENTION[0]), gone)


def _is_away(person: Person, made: str, now: datetime.datetime) -> bool:
    login, since = moment(person.last_login), moment(made)
    external = any(not principal.startswith(("local://", "system:")) for principal in person.principals)
    if login is None or not external or person.system or not person.enabled:
        return False
    # A user object that is younger than its last login was restored, and nobody logged in to it since.
    return now - max(login, since or login) > _LONG


def _known_as(person: Person) -> set[tuple[str, str]]:
    return {("User", person.user), *(("Group", group) for group in person.groups)}


def _problem(view: View, setting: RancherSetting | None, gone: list[Person]) -> Problem:
    users = tuple(ObjectRef(User.group, "User", person.user, "", view.name) for person in gone)
    azure = any(principal.startswith("azuread_") for person in gone for principal in person.principals)
    return Problem(
        target=setting.ref(view.name) if setting else users[0],
        message=f"{names(person.user for person in gone)} did not log in for {_LONG.days} days and "
        f"{'keeps' if len(gone) == 1 else 'keep'} what they hold: Rancher neither disables nor deletes who does not "
        "log in any more, also where the identity provider has deleted them",
        related=users if setting else users[1:],
        subjects=tuple(Subject(kind="User", name=person.user) for person in gone),
        scope=FindingScope(cluster_wide=True),
        chain=tuple(Link("person", f"{it.user}: last login {it.last_login}") for it in gone[:5]),
        # Whether the provider still knows them, nothing here says.
        confidence=Confidence.POSSIBLE,
        advisories=("CVE-2023-22650", "CVE-2023-22648") if azure else ("CVE-2023-22650",),
    )


RULE = Rule(
    id="inactive-users-kept",
    page=__doc__ or "",
    severity=Severity.LOW,
    on=On.MANAGEMENT,
    needs=(User, UserAttribute, RancherSetting),
    uses=(ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, GlobalRoleBinding),
    fix=Fix(
        Safety.MANUAL,
        "Ask the identity provider whether it still knows them; disable those that it does not. Then set "
        "disable-inactive-user-after (and delete-inactive-user-after) to what your house rules say.",
    ),
    references=(
        "https://github.com/rancher/rancher/security/advisories/GHSA-9ghh-mmcq-8phc",
        "https://github.com/rancher/rancher/security/advisories/GHSA-vf6j-6739-78m8",
        "rancher/rancher pkg/settings/setting.go (disable-inactive-user-after)",
    ),
    check=check,
)
