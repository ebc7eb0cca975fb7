"""Why somebody can do something, as sentences and as a tree; and what is missing when they cannot."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from rbac_audit.access import Permission, RoleKey
from rbac_audit.access.escalation import breakdown
from rbac_audit.answers.access import Answer, ask
from rbac_audit.answers.template import granted
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import where
from rbac_audit.audit.finding import Link
from rbac_audit.rancher.rendering.rules import lowered
from rbac_audit.rancher.templates import grants
from rbac_audit.snapshot.objects import PolicyRule, RoleTemplate, Subject


class Remedy(msgspec.Struct, frozen=True):
    """A role template that would give the right, and how many single rights it would give in all."""

    role_template: str
    display_name: str
    context: str
    rights: int


class Explanation(msgspec.Struct, frozen=True):
    """An answer with its sentences; `missing` and `remedies` are there when the answer is no."""

    answer: Answer
    sentences: tuple[str, ...]
    missing: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()


def why(view: View, subject: Subject, permission: Permission, namespace: str = "") -> Explanation:
    """Explain a yes by each of its chains, and a no by what is missing and which role templates would give it."""
    answer = ask(view, subject, permission, namespace)
    if answer.allowed:
        return Explanation(answer, tuple(sentence(chain) for chain in answer.chains))
    place = answer.namespace
    return Explanation(answer, (), tuple(_missing(view, permission, place)), remedies(view, permission, place))


def sentence(chain: Iterable[Link]) -> str:
    """Join the links of a chain into one sentence."""
    first, *rest = (link.text for link in chain)
    return f"{first} {', '.join(rest)}." if rest else f"{first}."


def _missing(view: View, permission: Permission, namespace: str) -> Iterator[str]:
    yield f"no binding that reaches the subject allows {permission} {where(namespace)}"
    roles = sorted(view.access.allowing(permission))
    if named := () if permission.name else sorted({role for role, _ in view.access.allowing_named(permission)}):
        yield f"roles that allow it for certain names only: {_roles(named)}"
    if roles:
        yield f"roles that allow it: {_roles(roles)}"
    elif not named:
        yield "no role of this cluster allows it"


def _roles(roles: Sequence[RoleKey]) -> str:
    names = [f"Role {space}/{name}" if space else f"ClusterRole {name}" for space, name in roles]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{', '.join(names[:5])}{more}"


def remedies(view: View, permission: Permission, namespace: str = "") -> tuple[Remedy, ...]:
    """List the role templates that would give a right there, the narrowest first.

    In a namespace of a project these are project templates, else cluster templates. Locked ones cannot be assigned, and
    those that are being deleted are soon gone.
    """
    if view.rancher is None:
        return ()
    context = "project" if namespace and view.projects.of(namespace) else "cluster"
    roles = {name: view.access.rules(("", name)) for space, name in view.access.roles if not space}
    templates = view.rancher.templates
    # What a template adds up to may be more than its bindings give: an external one passes on nothing that it inherits
    # in the aggregated model.
    found = [
        _remedy(template, rules)
        for template in templates.by_name.values()
        if template.context == context and not template.locked and not templates.closure(template.name).leaving
        if grants(lowered(templates.rules(template.name, roles)), permission)
        if grants(rules := granted(view, template.name).rules, permission)
    ]
    return tuple(sorted(found, key=lambda remedy: (remedy.rights, remedy.role_template)))


def _remedy(template: RoleTemplate, rules: tuple[PolicyRule, ...]) -> Remedy:
    rights = len({atom for rule in rules for atom in breakdown(rule)})
    return Remedy(template.name, template.display_name, template.context, rights)


def tree(chain: Iterable[Link]) -> tuple[str, ...]:
    """Draw a chain as indented lines."""
    return tuple(f"{'   ' * depth}{'└─ ' if depth else ''}{link.text}" for depth, link in enumerate(chain))
