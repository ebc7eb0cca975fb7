"""An access policy in words: its page, and what a finding says that somebody holds."""

from collections.abc import Iterable

import msgspec

from rbac_audit.access.permission import Permission
from rbac_audit.audit.policy import PolicySpec
from rbac_audit.snapshot.objects import PolicyRule


def page_of(spec: PolicySpec) -> str:
    """Write the policy's page in Markdown, as rules have it in their docstring."""
    where = spec.where.namespaces
    places = where if isinstance(where, str) else "some namespaces"
    lines = [f"{spec.title}.", "", "## What", f"{spec.message}. Namespaces: {places}.", ""]
    for entry in (*spec.permissions, *spec.all_of):
        groups = ", ".join(group or "core" for group in entry.api_groups)
        what = f"{', '.join(entry.resources)} ({groups})" if entry.resources else ", ".join(entry.non_resource_urls)
        lines.append(f"- {', '.join(entry.verbs)} on {what}" + (" (all of these together)" if spec.all_of else ""))
    lines += [
        "",
        f"Not meant: {', '.join(spec.allowed) or 'nobody'}.",
        "",
        "## Why",
        spec.why.strip(),
        "",
        "## Example",
    ]
    lines += [f"- flagged: {example.title}" for example in spec.examples.flagged]
    lines += [f"- not flagged: {example.title}" for example in spec.examples.clean]
    return "\n".join(lines)


def rights_of(permissions: tuple[Permission, ...], rule: PolicyRule | None) -> str:
    """Join the verbs on one resource; names say nothing where the whole resource is held."""
    held: dict[Permission, list[str]] = {}
    for permission in permissions:
        if not permission.name or msgspec.structs.replace(permission, name="") not in permissions:
            held.setdefault(msgspec.structs.replace(permission, verb=""), []).append(permission.verb)
    limited = f" named {', '.join(rule.resource_names)}" if rule and rule.resource_names else ""
    return first_of(
        f"{','.join(dict.fromkeys(verbs))}{what}{'' if what.name else limited}" for what, verbs in held.items()
    )


def first_of(words: Iterable[str], limit: int = 3) -> str:
    """List the first few and count the others."""
    found = tuple(words)
    more = f" and {len(found) - limit} more" if len(found) > limit else ""
    return ", ".join(found[:limit]) + more
