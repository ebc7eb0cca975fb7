"""Disabled user who still has access.

## What
A Rancher user who is disabled (`enabled: false`; an absent field means enabled) and to whom project or cluster role
template bindings, or global role bindings beyond those that every new user gets, still refer, or who has tokens that
have not expired (or never do). Tokens are told from a backup or manifests only: `collect` never reads them.

## Why
Rancher refuses the login of a disabled user and leaves everything else in place: the bindings stay rendered on every
cluster, and all of the access is back the moment somebody enables the user again. A kubeconfig that reaches the cluster
without Rancher is not stopped at all. Rancher refuses the tokens as well, and keeps them: whoever has one can use it
again on the day the user is enabled.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-temp1}
username: temp
enabled: false
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-temp1}
username: temp
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-temp, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
userName: u-temp1
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import Owner, TemplateBinding
from rbac_audit.rancher.people import KnownToken, Person
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    GlobalRole,
    GlobalRoleBinding,
    ProjectRoleTemplateBinding,
    Subject,
    User,
)


def check(view: View) -> Iterator[Problem]:
    """Group Rancher's bindings by the disabled users among their subjects."""
    rancher = own_rancher(view)
    if rancher is None:
        return
    held: dict[str, list[Owner]] = {}
    owners: tuple[Owner, ...] = (*rancher.bindings, *rancher.globals)
    for owner in owners:
        subject = owner.subject
        person = rancher.people.find(subject.name) if subject and subject.kind == "User" else None
        if person is not None and not person.enabled and not _is_default(owner):
            held.setdefault(person.user, []).append(owner)
    for user in view.cluster.of(User):
        person = rancher.people.find(user.name)
        tokens = _alive(view, person) if person is not None and not person.enabled else ()
        if user.name in held or tokens:
            yield _problem(view, user, held.get(user.name, []), tokens)


def _alive(view: View, person: Person) -> tuple[KnownToken, ...]:
    """List the tokens of a person that are known not to have expired."""
    return tuple(
        token for token in person.tokens if token.never_expires or (view.today and token.expires_at[:10] >= view.today)
    )


def _is_default(owner: Owner) -> bool:
    """Every user gets the roles marked newUserDefault, and keeps them for life."""
    # One that is gone gives nothing, and whether one that was not read is a default nobody knows.
    return not isinstance(owner, TemplateBinding) and (owner.role is None or owner.role.new_user_default)


def _problem(view: View, user: User, owners: list[Owner], tokens: tuple[KnownToken, ...]) -> Problem:
    subject = Subject(kind="User", name=user.name)
    projects = {owner.project for owner in owners if isinstance(owner, TemplateBinding)}
    only = projects.pop() if len(projects) == 1 else ""
    title = view.display_name(subject)
    bound = f"still bound by {names(owner.source for owner in owners)}"
    kept = f"still has {names(sorted({token.kind for token in tokens}))} tokens that have not expired ({len(tokens)})"
    facts = [*([bound] if owners else []), *([kept] if tokens else [])]
    return Problem(
        target=user.ref(view.name),
        message=f"{user}{in_brackets(title)} is disabled and {' and '.join(facts)}; all of it is back when the user is "
        f"enabled again",
        related=tuple(owner.source.ref(view.name) for owner in owners),
        subjects=(subject,),
        scope=FindingScope(project=only, cluster_wide=not only),
        chain=(
            Link("person", f"{user.name} is disabled", user.ref(view.name)),
            *([Link("fact", kept)] if tokens else []),
            *(Link("template-binding", f"is bound by {o.source}", o.source.ref(view.name)) for o in owners),
        ),
    )


RULE = Rule(
    id="disabled-user-bound",
    page=__doc__ or "",
    severity=Severity.LOW,
    on=On.MANAGEMENT,
    needs=(User,),
    uses=(ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, GlobalRole, GlobalRoleBinding),
    fix=Fix(
        Safety.CONSENT,
        "Delete the bindings and tokens if the person will not come back; deleting the user deletes them, too.",
    ),
    references=(
        "rancher/rancher pkg/auth/requests/authenticate.go",
        "rancher/rancher pkg/apis/management.cattle.io/v3/authn_types.go (User.GetEnabled)",
    ),
    check=check,
)
