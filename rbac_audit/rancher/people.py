"""People: Rancher's users with their names, groups and state."""

from collections.abc import Iterable

import msgspec

from rbac_audit.access.identity import Identity, account_of
from rbac_audit.rancher.naming import user_of_principal
from rbac_audit.snapshot.objects import Subject, Token, User, UserAttribute

_KIND = "authn.management.cattle.io/kind"


class KnownToken(msgspec.Struct, frozen=True):
    """That a user has a token, never what it is.

    `kind` is session, kubeconfig, provisioning, … or api-key; `expires_at` is "" where Rancher did not write it down;
    `cluster` is the only cluster it is good for, "" for all.
    """

    name: str
    kind: str
    never_expires: bool
    expires_at: str
    cluster: str


class Person(msgspec.Struct, frozen=True):
    """One Rancher user; `groups` are whole principal ids as of `groups_as_of`, empty for who never logged in.

    Who is `leaving` is being deleted.
    """

    user: str
    username: str
    display_name: str
    enabled: bool
    system: bool
    principals: tuple[str, ...]
    groups: tuple[str, ...]
    groups_as_of: str
    last_login: str
    tokens: tuple[KnownToken, ...] = ()
    leaving: bool = False


class People:
    """The users of one Rancher, and the display names of groups."""

    def __init__(
        self, users: Iterable[User] = (), attributes: Iterable[UserAttribute] = (), tokens: Iterable[Token] = ()
    ) -> None:
        """Join users with what was last learnt of their groups, and with their tokens."""
        learnt = {item.name: item for item in attributes}
        held: dict[str, list[KnownToken]] = {}
        for token in tokens:
            held.setdefault(token.user_id, []).append(_token(token))
        self.all = tuple(_person(user, learnt.get(user.name), tuple(held.get(user.name, ()))) for user in users)
        self._by_name = {person.user: person for person in self.all}
        self._by_principal = {principal: person for person in self.all for principal in _principals(person)}
        self._group_names = {
            group.name.removeprefix("local://"): group.display_name for item in learnt.values() for group in item.groups
        }
        self._members: dict[str, list[Person]] = {}
        for person in self.all:
            for group in person.groups:
                self._members.setdefault(group, []).append(person)

    def find(self, user: str) -> Person | None:
        """Find the person behind a user name as it stands in a binding."""
        return self._by_name.get(user)

    def user_for(self, principal: str) -> str:
        """Name the user that a userPrincipalName stands for, existing or not yet."""
        person = self._by_principal.get(principal)
        return person.user if person else user_of_principal(principal)

    def called(self, name: str) -> tuple[Person, ...]:
        """List whose login, display name or principal a word is, written large or small."""
        word = name.casefold()
        return tuple(
            person
            for person in self.all
            if word in map(str.casefold, (person.username, person.display_name, *person.principals))
        )

    def groups_called(self, name: str) -> tuple[str, ...]:
        """List the other groups that a word may mean: a display name, or a local group's name with its scheme."""
        word, bare = name.casefold(), name.removeprefix("local://")
        return tuple(
            sorted(
                group
                for group, shown in self._group_names.items()
                if group != name and (shown.casefold() == word or group == bare)
            )
        )

    def members(self, group: str) -> tuple[Person, ...]:
        """List who is known to be in a group; nobody does not mean that it is empty."""
        return tuple(self._members.get(group, ()))

    def identity(self, user: str) -> Identity:
        """Who a user is to the API server of a cluster that Rancher proxies to."""
        person = self._by_name.get(user)
        return Identity.of_user(user, person.groups if person else (), through_rancher=account_of(user) is None)

    def display_name(self, subject: Subject) -> str:
        """Name a subject for people; "" where nothing better than its own name is known."""
        if subject.kind == "Group":
            return self._group_names.get(subject.name, "")
        person = self._by_name.get(subject.name) if subject.kind == "User" else None
        return person.display_name if person else ""


def _principals(person: Person) -> tuple[str, ...]:
    """List the principals by which Rancher finds a person: the local one too, where no other local one is stated.

    Source: rancher pkg/auth/providers/common/usermanager.go (userByPrincipal).
    """
    local = any(principal.startswith("local://") for principal in person.principals)
    return person.principals if local else (*person.principals, f"local://{person.user}")


def _token(token: Token) -> KnownToken:
    """Name the kind of a token as Rancher labels it; older ones say only whether somebody made them as an API key."""
    kind = token.metadata.labels.get(_KIND) or ("api-key" if token.is_derived else "session")
    return KnownToken(token.name, kind, token.ttl == 0, token.expires_at if token.ttl else "", token.cluster_name)


def _person(user: User, learnt: UserAttribute | None, tokens: tuple[KnownToken, ...]) -> Person:
    return Person(
        user=user.name,
        username=user.username,
        display_name=user.display_name or user.username or next(iter(user.principal_ids), ""),
        enabled=user.enabled is not False,
        system=any(principal.startswith("system:") for principal in user.principal_ids),
        principals=user.principal_ids,
        # Requests carry groups without the scheme of local ones (rancher pkg/auth/requests/authenticate.go).
        groups=tuple(dict.fromkeys(group.name.removeprefix("local://") for group in learnt.groups)) if learnt else (),
        groups_as_of=learnt.last_refresh if learnt else "",
        last_login=learnt.last_login if learnt else "",
        tokens=tokens,
        leaving=bool(user.metadata.deletion_timestamp),
    )
