"""Two users for one login.

## What
Two Rancher users with the same login name, or with the same principal of an identity provider.

## Why
Which of the two a login reaches is not defined: it may lock one of them out, or give one the rights of the other.
Before Rancher v2.12.2, v2.11.6, v2.10.10 and v2.9.12 whoever might edit users could make such a twin of an
administrator (CVE-2024-58260); a first login over SAML could do so with a principal (CVE-2025-23389).

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-one}
username: bob
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-two}
username: bob
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-one}
displayName: Bob
username: bob
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-two}
displayName: Bob
principalIds: ["github_user://1"]
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import Subject, User


def check(view: View) -> Iterator[Problem]:
    """Find what several users share."""
    shared: dict[str, list[User]] = {}
    for user in view.cluster.of(User):
        if user.username:
            shared.setdefault(f"login name {user.username}", []).append(user)
        for principal in dict.fromkeys(user.principal_ids):
            shared.setdefault(f"principal {principal}", []).append(user)
    for what, users in shared.items():
        if len(users) > 1:
            yield Problem(
                target=users[0].ref(view.name),
                message=f"{names(users)} have the same {what}: a login may reach either of them",
                related=tuple(user.ref(view.name) for user in users[1:]),
                subjects=tuple(Subject(kind="User", name=user.name) for user in users),
                key=what,
                advisories=("CVE-2024-58260" if what.startswith("login name") else "CVE-2025-23389",),
            )


RULE = Rule(
    id="duplicate-user",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.MANAGEMENT,
    needs=(User,),
    fix=Fix(
        Safety.MANUAL,
        "Find out which of the users is used, move the bindings of the other one to it, and delete the other one; look "
        "into the audit log for who made it.",
    ),
    references=(
        "https://nvd.nist.gov/vuln/detail/CVE-2024-58260",
        "https://nvd.nist.gov/vuln/detail/CVE-2025-23389",
    ),
    check=check,
)
