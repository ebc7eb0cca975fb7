"""Access of somebody whom Rancher does not know.

## What
A User in a binding that somebody made by hand, or in a project, cluster or global role binding of Rancher, that no
Rancher user has. Users of the control plane (`system:…`), of the client certificates that Kubernetes ships, and of
shipped bindings are not meant, nor are bindings that Rancher renders (the role template binding is told instead).
Groups that no Rancher user is known to be in are told as info: Rancher learns groups only at a login. Names of the
system in a subject of the wrong kind, such as a Group `system:serviceaccount:…`, match nobody at all and are told, too.

## Why
Rancher presents its users by object name (`u-…`, `user-…`). A binding to `alice` reaches nobody through Rancher, so
the person does not have the access that the binding seems to give; a client certificate or token issued for that name
would have it. A user object that was deleted leaves hand-made bindings behind, and users of an identity provider get
the same name again at their next login, with everything that was bound to it.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: jdoe-edit, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: jdoe}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: jdoe-edit, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-abc12}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-abc12}
username: jdoe
```
"""

import re
from collections.abc import Iterator

from rbac_audit.access import Binding
from rbac_audit.access.identity import (
    ALL_SERVICE_ACCOUNTS,
    ANONYMOUS,
    AUTHENTICATED,
    CATTLE_AUTHENTICATED,
    MASTERS,
    UNAUTHENTICATED,
    account_of,
    subject_key,
)
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import binding_chain, scope_of, where
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import Owner, TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rancher.people import People
from rbac_audit.rules._claims import doubt_of, known_people, own_rancher
from rbac_audit.rules._traces import is_of_workspace
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRoleBinding,
    ClusterRoleTemplateBinding,
    GlobalRoleBinding,
    ProjectRoleTemplateBinding,
    RoleBinding,
    Subject,
    User,
    UserAttribute,
)

# Client certificates outside system: that kubeadm, RKE2 and K3s issue to their own parts.
_CERTIFICATES = frozenset(
    {
        "kube-apiserver",
        "kube-apiserver-kubelet-client",
        "kubernetes-admin",
        "rke2-cloud-controller-manager",
        "k3s-cloud-controller-manager",
    }
)
_GROUPS = frozenset(
    {AUTHENTICATED, UNAUTHENTICATED, CATTLE_AUTHENTICATED, ALL_SERVICE_ACCOUNTS, MASTERS, "system:nodes"}
)
_RANCHER_NAME = re.compile(r"(u|user)-[a-z0-9]+\Z")
# EnsureUser in rancher pkg/auth/providers/common/usermanager.go: u- and ten characters of base32.
_HASHED_NAME = re.compile(r"u-[a-z2-7]{10}\Z")


def check(view: View) -> Iterator[Problem]:
    """Look at hand-made bindings everywhere, and at Rancher's own ones where Rancher's objects are."""
    people, doubt = known_people(view), doubt_of(view)
    logins = {item.username: item.name for item in view.rancher.cluster.of(User)} if view.rancher else {}
    for binding in view.access.bound_to(*_unknown(view, people)):
        if view.ownership[binding].claim is Claim.NONE:
            strangers = [subject for subject in binding.subjects if _is_stranger(view, people, binding, subject)]
            yield from _raw(view, binding, strangers, logins, doubt)
    rancher = own_rancher(view)
    if rancher is not None and rancher.knows_users:
        owners: tuple[Owner, ...] = (*rancher.bindings, *rancher.globals)
        for owner in owners:
            user = owner.source.user_name
            if user and rancher.people.find(user) is None:
                yield _owner(view, rancher, owner, Subject(kind="User", name=user), _about(user, {}))
            elif owner.subject and _is_empty(rancher, owner.subject):
                yield _owner(view, rancher, owner, owner.subject, "Rancher knows nobody who is in it so far")


def _unknown(view: View, people: tuple[People, ...]) -> Iterator[str]:
    """Choose the subject keys that no Rancher explains, before their bindings are looked at."""
    for key in view.access.by_subject:
        name = key[2:]
        if name.startswith("system:"):
            known = not _misspelt(key)
        elif key.startswith("u:"):
            known = any(one.find(name) for one in people)
        else:
            known = any(one.members(name) for one in people)
        if not known:
            yield key


def _misspelt(key: str) -> str:
    """Say what a name of the system is, where it stands in a subject of another kind, which nobody matches."""
    kind, _, name = key.partition(":")
    if kind == "g" and account_of(name):
        return "a service account, and no group: kind ServiceAccount was meant"
    if kind == "g" and name == ANONYMOUS:
        return f"a user, and no group: kind User or the group {UNAUTHENTICATED} was meant"
    if kind == "u" and (name in _GROUPS or name.startswith(f"{ALL_SERVICE_ACCOUNTS}:")):
        return "a group, and no user: kind Group was meant"
    return ""


def _raw(
    view: View, binding: Binding, strangers: list[Subject], logins: dict[str, str], doubt: str
) -> Iterator[Problem]:
    users = tuple(dict.fromkeys(subject for subject in strangers if subject.kind == "User"))
    groups = tuple(dict.fromkeys(subject for subject in strangers if subject.kind == "Group"))
    place = f"{binding.role_ref.kind} {binding.role_ref.name} {where(binding.namespace)}"
    for subject in dict.fromkeys(binding.subjects):
        if told := _misspelt(subject_key(subject, binding.namespace) or ""):
            message = f"{binding.source} gives {subject} {place} and so nobody: {subject.name} is {told}"
            yield _problem(view, binding, (subject,), message, Confidence.CERTAIN, "")
    if users:
        told = "; ".join(_about(subject.name, logins) for subject in users[:3])
        open_question = doubt if any(_RANCHER_NAME.match(subject.name) for subject in users) else ""
        message = f"{binding.source} gives {names(users)} {place}: {told}"
        yield _problem(view, binding, users, message, Confidence.CERTAIN, open_question)
    if groups and view.rancher is not None and view.rancher.cluster.has(UserAttribute):
        message = f"{binding.source} gives {names(groups)} {place}: Rancher knows nobody who is in it so far"
        yield _problem(view, binding, groups, message, Confidence.POSSIBLE, "")


def _is_stranger(view: View, people: tuple[People, ...], binding: Binding, subject: Subject) -> bool:
    name = subject.name
    if subject.kind not in {"User", "Group"} or name.startswith("system:") or name in _CERTIFICATES:
        return False
    if view.baseline.ships(binding.source, subject):
        return False
    if subject.kind == "User":
        return all(known.find(name) is None for known in people)
    return not any(known.members(name) or known.display_name(subject) for known in people)


def _about(user: str, logins: dict[str, str]) -> str:
    if _HASHED_NAME.match(user):
        return (
            f"no Rancher user is called {user} now, but a deleted user of an identity provider gets the same name, "
            f"and with it this access, at the next login"
        )
    if _RANCHER_NAME.match(user):
        return f"no Rancher user is called {user}"
    hint = f" (that is the login name of {logins[user]})" if user in logins else ""
    return (
        f"{user} is no object name of a Rancher user{hint}, so it matches nobody through Rancher; it may still be a "
        f"client certificate's user"
    )


def _problem(
    view: View, binding: Binding, subjects: tuple[Subject, ...], message: str, confidence: Confidence, doubt: str
) -> Problem:
    groups = confidence is Confidence.POSSIBLE and subjects[0].kind == "Group"
    return Problem(
        target=binding.source.ref(view.name),
        message=f"{message} ({doubt})" if doubt else message,
        subjects=subjects,
        scope=scope_of(view, (binding,)),
        chain=binding_chain(view, binding, subjects),
        severity=Severity.INFO if groups else None,
        confidence=Confidence.POSSIBLE if doubt else confidence,
        key="groups" if groups else "",
        advisories=("CVE-2026-44949",) if is_of_workspace(view, binding.source) else (),
    )


def _is_empty(rancher: Rancher, group: Subject) -> bool:
    """Tell whether Rancher knows nobody in a group: not that nobody is in it."""
    known = group.name in _GROUPS or rancher.people.members(group.name) or rancher.people.display_name(group)
    return group.kind == "Group" and rancher.cluster.has(UserAttribute) and not known


def _owner(view: View, rancher: Rancher, owner: Owner, subject: Subject, about: str) -> Problem:
    source = owner.source
    if isinstance(owner, TemplateBinding):
        project, place = owner.project, f"role template {owner.template} in {owner.project or owner.cluster}"
    else:
        project, place = "", f"global role {owner.source.global_role_name}"
    return Problem(
        target=source.ref(rancher.cluster.name),
        message=f"{source} gives {subject} {place}, and Rancher renders it: {about}",
        subjects=(subject,),
        scope=FindingScope(project=project, cluster_wide=not project),
        chain=(
            Link("subject", f"{subject} is {'no Rancher user' if subject.kind == 'User' else 'not known so far'}"),
            Link("template-binding", f"is bound by {source} to {place}", source.ref(view.name)),
        ),
        severity=Severity.INFO if subject.kind == "Group" else None,
        confidence=Confidence.POSSIBLE if subject.kind == "Group" else Confidence.CERTAIN,
    )


RULE = Rule(
    id="unknown-subject",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.ALL,
    uses=(RoleBinding, ClusterRoleBinding),
    needs_rancher=(User,),
    uses_rancher=(UserAttribute, ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, GlobalRoleBinding),
    fix=Fix(
        Safety.CONSENT,
        "Delete the binding if nobody uses that name (also no client certificate or token); if a person was meant, "
        "add them to the project by a role template binding, by their user or principal.",
    ),
    references=(
        "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects",
        "rancher/rancher pkg/rbac/common.go",
        "rancher/rancher pkg/auth/providers/common/usermanager.go",
    ),
    check=check,
)
