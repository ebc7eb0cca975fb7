"""People's names out of a snapshot, stable pseudonyms in: who has the key can tell who is who, nobody else.

What Rancher calls a user (`u-…`) is kept, as it names nobody and the names of rendered objects hang on it; so are
accounts of the platform (`system:…`), service accounts, groups, and the names of objects.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    ClusterRoleTemplateBinding,
    GlobalRoleBinding,
    KubernetesObject,
    PCIDeviceClaim,
    PolicyRule,
    Project,
    ProjectRoleTemplateBinding,
    RoleBinding,
    Subject,
    User,
    UserAttribute,
)

_NOBODY = re.compile(r"(u|user)-[a-z0-9]+|system:.*|kube-apiserver|kubernetes-admin|admin|\*|")
_WORD = re.compile(r"[^\W_]+")
# A name that is shorter is part of many words.
SHORTEST = 3
# Rancher's impersonation ClusterRoles name the user in three ways (rancher/rancher pkg/impersonation).
_IMPERSONATED = frozenset(("users", "userextras/username", "userextras/principalid"))

replace = msgspec.structs.replace


class Pseudonyms:
    """Gives every name its pseudonym, the same for the same key; `names` says who is who."""

    def __init__(self, key: bytes, names: Mapping[str, str]) -> None:
        """Take the key, and what was given before: names by pseudonym."""
        self._key = key
        self.names = dict(names)

    def person(self, name: str) -> str:
        """Rename a person; what names nobody is kept."""
        if _NOBODY.fullmatch(name):
            return name
        pseudonym = f"person-{hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()[:10]}"
        self.names[pseudonym] = name
        return pseudonym

    def principal(self, name: str) -> str:
        """Rename the person of `<provider>_user://<id>`; the principal of a group is kept."""
        provider, separator, identity = name.partition("://")
        if not separator:
            return self.person(name)
        return name if provider.endswith("_group") or provider == "system" else f"{provider}://{self.person(identity)}"


def anonymous(item: KubernetesObject, names: Pseudonyms) -> KubernetesObject:
    """Rename the people in one object, wherever its kind names them; no annotation that is kept does."""
    change = _CHANGES.get(type(item))
    return change(item, names) if change else item


def _user(item: User, names: Pseudonyms) -> User:
    return replace(
        item,
        display_name=names.person(item.display_name),
        username=names.person(item.username),
        principal_ids=tuple(map(names.principal, item.principal_ids)),
    )


def _attribute(item: UserAttribute, names: Pseudonyms) -> UserAttribute:
    return replace(
        item,
        user_name=names.person(item.user_name),
        principal_ids=tuple(map(names.principal, item.principal_ids)),
        usernames=tuple(map(names.person, item.usernames)),
    )


def _assignment(
    item: GlobalRoleBinding | ClusterRoleTemplateBinding | ProjectRoleTemplateBinding, names: Pseudonyms
) -> KubernetesObject:
    return replace(
        item,
        user_name=names.person(item.user_name),
        user_principal_name=names.principal(item.user_principal_name),
    )


def _binding(item: RoleBinding | ClusterRoleBinding, names: Pseudonyms) -> KubernetesObject:
    return replace(item, subjects=tuple(_subject(subject, names) for subject in item.subjects))


def _subject(subject: Subject, names: Pseudonyms) -> Subject:
    return replace(subject, name=names.principal(subject.name)) if subject.kind == "User" else subject


def _role(item: ClusterRole, names: Pseudonyms) -> ClusterRole:
    return replace(item, rules=tuple(_rule(rule, names) for rule in item.rules))


def _rule(rule: PolicyRule, names: Pseudonyms) -> PolicyRule:
    if _IMPERSONATED.isdisjoint(rule.resources):
        return rule
    return replace(rule, resource_names=tuple(map(names.principal, rule.resource_names)))


def _project(item: Project, _: Pseudonyms) -> Project:
    return replace(item, spec=replace(item.spec, description=""))


def _claim(item: PCIDeviceClaim, names: Pseudonyms) -> PCIDeviceClaim:
    return replace(item, spec=replace(item.spec, user_name=names.person(item.spec.user_name)))


_CHANGES: dict[type[KubernetesObject], Callable[..., KubernetesObject]] = {
    User: _user,
    UserAttribute: _attribute,
    GlobalRoleBinding: _assignment,
    ClusterRoleTemplateBinding: _assignment,
    ProjectRoleTemplateBinding: _assignment,
    RoleBinding: _binding,
    ClusterRoleBinding: _binding,
    ClusterRole: _role,
    Project: _project,
    PCIDeviceClaim: _claim,
}


class Leftovers:
    """Finds names of people in text that is kept, such as the name of a namespace."""

    def __init__(self, names: Iterable[str]) -> None:
        """Take the names; each is looked for as its words, one behind the other, in whatever case."""
        self._known: dict[str, list[tuple[str, ...]]] = {}
        for name in names:
            words = tuple(_WORD.findall(name.lower()))
            if len("".join(words)) >= SHORTEST:
                self._known.setdefault(words[0], []).append(words)

    def in_text(self, text: str) -> bool:
        """Tell whether a name stands in a text."""
        words = tuple(_WORD.findall(text.lower()))
        return any(
            words[place : place + len(known)] == known
            for place, word in enumerate(words)
            for known in self._known.get(word, ())
        )
