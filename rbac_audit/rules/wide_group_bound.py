"""A role for a group in which nearly everybody is.

## What
A project or cluster role template that lets its holder change something, bound to a group of the identity provider in
which Rancher has seen ten people or more and at least half of all, or that is called as such groups are (Domain Users,
Everyone, All Staff, …; told as possible). In a whole cluster it is high. Global roles are not meant: the role user is
for everybody.

## Why
Who is in such a group is decided in the personnel office and not by whoever answers for the project: each new account
of the company has the role at its first login, and nobody in Rancher sees a member come.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: vm-operator
groupPrincipalName: "activedirectory_group://CN=Domain Users,CN=Users,DC=example,DC=com"
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: vm-operator
groupPrincipalName: "activedirectory_group://CN=Shop Users,OU=shop,DC=example,DC=com"
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: vm-operator}
context: project
rules:
- {apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [update]}
```
"""

import re
from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._powers import changes_something
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    ProjectRoleTemplateBinding,
    RoleTemplate,
    Subject,
    User,
    UserAttribute,
)

_WIDE = 10
_CALLED = re.compile(
    r"(?:domain|all|authenticated)[ _-]?(?:users|staff|employees|people|members|company)|everyone|everybody",
    re.IGNORECASE,
)
# The first part of a distinguished name, or all of another id of a group.
_OWN_NAME = re.compile(r"(?:.*://)?(?:(?:cn|ou)=)?([^,]*)", re.IGNORECASE)


def check(view: View) -> Iterator[Problem]:
    """Judge each group once and each template once."""
    rancher = own_rancher(view)
    if rancher is None:
        return
    everybody = sum(not person.system for person in rancher.people.all)
    wide: dict[str, str] = {}
    changing: dict[str, bool] = {}
    for item in rancher.bindings:
        subject = item.subject
        if subject is None or subject.kind != "Group":
            continue
        if subject.name not in wide:
            wide[subject.name] = _how_wide(rancher, subject, everybody)
        if wide[subject.name] and item.template not in changing:
            changing[item.template] = _changes(view, rancher, item.template)
        if wide[subject.name] and changing[item.template]:
            yield _problem(view, rancher, item, subject, wide[subject.name])


def _how_wide(rancher: Rancher, group: Subject, everybody: int) -> str:
    """Say why nearly everybody is in a group; "" for one that is not known to be so."""
    members = len(rancher.people.members(group.name))
    if members >= _WIDE and 2 * members >= everybody:
        return f"in which Rancher has seen {members} of {everybody} people"
    own = _OWN_NAME.match(group.name)
    named = (rancher.people.display_name(group), own[1] if own else "")
    return "which is called like one of everybody" if any(map(_CALLED.fullmatch, named)) else ""


def _changes(view: View, rancher: Rancher, template: str) -> bool:
    closure = rancher.templates.closure(template).templates
    roles = {part.name: view.access.rules(("", part.name)) for part in closure}
    return changes_something(rancher.templates.rules(template, roles))


def _problem(view: View, rancher: Rancher, item: TemplateBinding, group: Subject, why: str) -> Problem:
    ref, template = item.source.ref(view.name), rancher.templates.by_name[item.template]
    return Problem(
        target=ref,
        message=f"{item.source} gives {group}, {why}, role template {item.template} in "
        f"{item.project or f'cluster {item.cluster}'}",
        related=(template.ref(view.name),),
        subjects=(group,),
        scope=FindingScope(project=item.project, cluster_wide=not item.project),
        chain=(Link("group", f"{group} is a group {why}"), Link("template-binding", f"is bound by {item.source}", ref)),
        severity=None if item.project else Severity.HIGH,
        confidence=Confidence.CERTAIN if why.startswith("in which") else Confidence.POSSIBLE,
    )


RULE = Rule(
    id="wide-group-bound",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.MANAGEMENT,
    needs=(RoleTemplate,),
    uses=(ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, User, UserAttribute),
    fix=Fix(
        Safety.CONSENT,
        "Bind a group that is made for this project and whose owner knows its members; take this binding away then.",
    ),
    references=(
        "https://learn.microsoft.com/en-us/windows-server/identity/ad-ds/manage/understand-security-groups",
        "rancher/rancher pkg/auth/providerrefresh (groups are learnt at a login)",
    ),
    check=check,
)
