"""Role binding of Rancher whose person was never found.

## What
A project, cluster or global role binding that names a principal of an identity provider (userPrincipalName), and more
than a day after it was made still no user (userName). Rancher fills in the user itself, within seconds. How much time
has passed is told by the newest date among Rancher's own objects; where only the date of the audit tells it, or nothing
does, the finding is possible.

## Why
Such a binding gives nobody anything, and no report of Rancher says so: whoever asked for the access does not have it.
When the user of that principal is made at last, or the provider hands out the same name again, the access is there
without anybody's decision.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-jane, namespace: c-m-abcd1234-p-shop, creationTimestamp: "2026-03-01T10:00:00Z"}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
userPrincipalName: "openldap_user://uid=jane,dc=example,dc=com"
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-jane, namespace: c-m-abcd1234-p-shop, creationTimestamp: "2026-03-01T10:00:00Z"}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
userPrincipalName: "openldap_user://uid=jane,dc=example,dc=com"
userName: u-6zdprcroov
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin, creationTimestamp: "2026-03-05T10:00:00Z"}
```
"""

import datetime
from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import Owner, TemplateBinding
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._dates import moment, newest
from rbac_audit.rules._differences import what_it_gives
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    GlobalRoleBinding,
    ProjectRoleTemplateBinding,
)

_DAY = datetime.timedelta(days=1)


def check(view: View) -> Iterator[Problem]:
    """Look at each binding without a user, and at how old it is."""
    rancher = own_rancher(view)
    owners: tuple[Owner, ...] = (*rancher.bindings, *rancher.globals) if rancher else ()
    waiting = [owner for owner in owners if owner.source.user_principal_name and not owner.source.user_name]
    seen = newest(view) if waiting else None
    for owner in waiting:
        if aged := _aged(owner.source.metadata.creation_timestamp, seen, view.today):
            yield _problem(view, owner, *aged)


def _aged(made: str, seen: datetime.datetime | None, today: str) -> tuple[str, Confidence] | None:
    """Say for how long a binding has waited, and how sure that is; None for less than a day."""
    since = moment(made)
    if since is None:
        return "nothing says since when", Confidence.POSSIBLE
    if seen is not None and seen - since > _DAY:
        return f"since {made}, at least until {seen.date()}", Confidence.CERTAIN
    date = moment(today)
    if date is None:
        return f"since {made}; how long that was when it was read is not known", Confidence.POSSIBLE
    # The objects may have been read long before the audit.
    return (f"since {made}, if it was read on {today}", Confidence.POSSIBLE) if date - since > _DAY else None


def _problem(view: View, owner: Owner, waiting: str, confidence: Confidence) -> Problem:
    project = owner.project if isinstance(owner, TemplateBinding) else ""
    return Problem(
        target=owner.source.ref(view.name),
        message=f"{owner.source} is to give {what_it_gives(owner)}, but Rancher has not found the user of "
        f"{owner.source.user_principal_name}: {waiting}",
        scope=FindingScope(project=project, cluster_wide=not project),
        confidence=confidence,
    )


RULE = Rule(
    id="unresolved-principal",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.MANAGEMENT,
    uses=(ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, GlobalRoleBinding),
    fix=Fix(
        Safety.CONSENT,
        "See the conditions of the binding and Rancher's log for why. If the person is still to have the access, make "
        "the binding again with the principal as the provider writes it; else delete it.",
    ),
    references=(
        "rancher/rancher pkg/controllers/management/auth/prtb_handler.go (reconcileSubject)",
        "rancher/rancher pkg/controllers/management/auth/globalroles/globalrolebinding_handler.go",
    ),
    check=check,
)
