"""Who asks: a user name and its groups, with the groups that authentication adds by itself.

Source: k8s.io/apiserver pkg/authentication/{user,serviceaccount,group} and pkg/endpoints/filters/impersonation;
rancher pkg/auth/requests/authenticate.go (system:cattle:authenticated).
"""

import msgspec

from rbac_audit.access.names import is_dns_label, is_dns_subdomain
from rbac_audit.snapshot.objects import Subject

AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
ANONYMOUS = "system:anonymous"
ALL_SERVICE_ACCOUNTS = "system:serviceaccounts"
CATTLE_AUTHENTICATED = "system:cattle:authenticated"
MASTERS = "system:masters"
_ACCOUNT = "system:serviceaccount:"


class Identity(msgspec.Struct, frozen=True):
    """A user name and every group of the request, exactly as a SubjectAccessReview states them."""

    user: str
    groups: tuple[str, ...] = ()

    @classmethod
    def of_user(cls, user: str, groups: tuple[str, ...] = (), *, through_rancher: bool = False) -> "Identity":
        """Add to the named groups those that every authenticated (or the anonymous) request carries.

        Who is named as unauthenticated is not made authenticated (AuthenticatedGroupAdder).
        """
        if user == ANONYMOUS or UNAUTHENTICATED in groups:
            return cls(user, tuple(dict.fromkeys((*groups, UNAUTHENTICATED))))
        account = account_of(user)
        implicit = account_groups(account[0]) if account else (AUTHENTICATED,)
        cattle = (CATTLE_AUTHENTICATED,) if through_rancher and not account else ()
        return cls(user, tuple(dict.fromkeys((*groups, *implicit, *cattle))))

    @classmethod
    def of_account(cls, namespace: str, name: str) -> "Identity":
        """Name a service account as its token does."""
        return cls(account_user(namespace, name), account_groups(namespace))


def account_user(namespace: str, name: str) -> str:
    """Spell a service account as the user name that it authenticates as."""
    return f"{_ACCOUNT}{namespace}:{name}"


def account_groups(namespace: str) -> tuple[str, ...]:
    """List the groups of every service account of a namespace."""
    return (ALL_SERVICE_ACCOUNTS, f"{ALL_SERVICE_ACCOUNTS}:{namespace}", AUTHENTICATED)


def account_of(user: str) -> tuple[str, str] | None:
    """Split the user name of a service account into (namespace, name); None for any other user name.

    Both names must be valid ones (pkg/authentication/serviceaccount SplitUsername).
    """
    if not user.startswith(_ACCOUNT):
        return None
    namespace, _, name = user.removeprefix(_ACCOUNT).partition(":")
    return (namespace, name) if is_dns_label(namespace) and is_dns_subdomain(name) else None


def everybody(group: str) -> str:
    """Say whom a group holds by what it is, without anybody being put into it; "" for every other group."""
    namespace = home_of(Subject(kind="Group", name=group))
    return f"every service account of namespace {namespace}" if namespace else _EVERYBODY.get(group, "")


_EVERYBODY = {
    AUTHENTICATED: "every user and service account that has logged in",
    UNAUTHENTICATED: "everybody who has not logged in",
    CATTLE_AUTHENTICATED: "every user of Rancher",
    ALL_SERVICE_ACCOUNTS: "every service account",
}


def subject_key(subject: Subject, namespace: str) -> str | None:
    """Spell a binding's subject as the index does: `u:<user name>` or `g:<group>`.

    A ServiceAccount is a user; without a namespace it means the binding's, and in a ClusterRoleBinding (namespace "")
    nobody. None for a kind that matches nobody (appliesToUser in plugin/pkg/auth/authorizer/rbac/rbac.go).
    """
    match subject.kind:
        case "User":
            return f"u:{subject.name}"
        case "Group":
            return f"g:{subject.name}"
        case "ServiceAccount":
            home = subject.namespace or namespace
            return f"u:{account_user(home, subject.name)}" if home else None
        case _:
            return None


def placed(subject: Subject, namespace: str) -> Subject:
    """Give a ServiceAccount without namespace the one of its binding, as the API server does."""
    if subject.kind != "ServiceAccount" or subject.namespace or not namespace:
        return subject
    return Subject(kind=subject.kind, name=subject.name, namespace=namespace, api_group=subject.api_group)


def known_as(subject: Subject, namespace: str) -> Subject | None:
    """Find whom a binding's subject means, an account with the namespace that it is in; None where it is nobody."""
    if subject.kind in {"User", "Group"}:
        return subject
    who = placed(subject, namespace)
    return None if subject_key(who, "") is None else who


def home_of(subject: Subject, namespace: str = "") -> str:
    """Name the namespace whose account, or all of whose accounts, a subject means; "" for anybody else.

    An account may be spelled as a User; `namespace` is that of the binding.
    """
    match subject.kind:
        case "ServiceAccount":
            return subject.namespace or namespace
        case "User":
            account = account_of(subject.name)
            return account[0] if account else ""
        case _:
            prefix = f"{ALL_SERVICE_ACCOUNTS}:"
            return subject.name.removeprefix(prefix) if subject.name.startswith(prefix) else ""
