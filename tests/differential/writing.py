"""Writes a case as a row of the table in test_decisions.py."""

from rbac_audit.access import Permission
from tests.access.manifests import Manifest
from tests.differential.shrinking import Case


def row(name: str, case: Case, allowed: bool) -> str:
    """Write a row: what it is about, the world, who asks, for what, where, and the server's answer."""
    asked = case.request
    lines = [
        "    Row(",
        f"        {_text(name)},",
        "        [",
        *(f"            {written(item)}," for item in case.world.manifests),
        "        ],",
        f"        Identity({_text(asked.identity.user)}, {_tuple(asked.identity.groups)}),",
        f"        {_permission(asked.permission)},",
        f"        {_text(asked.namespace)},",
        f"        {allowed},",
        "    ),",
    ]
    return "\n".join(lines)


def written(item: Manifest) -> str:
    """Write a manifest as a call of tests/access/manifests.py."""
    match item["kind"]:
        case "ClusterRole":
            return _call("cluster_role", _place(item), *map(_text, item.get("rules", [])), **_aggregated(item))
        case "Role":
            return _call("role", _place(item), *map(_text, item.get("rules", [])))
        case kind:
            ref = _text(f"{item['roleRef']['kind']}/{item['roleRef']['name']}")
            function = "role_binding" if kind == "RoleBinding" else "cluster_role_binding"
            return _call(function, _place(item), ref, *map(_subject, item.get("subjects", [])))


def _call(function: str, *arguments: str, **named: str) -> str:
    return f"{function}({', '.join([*arguments, *(f'{key}={value}' for key, value in named.items())])})"


def _place(item: Manifest) -> str:
    metadata = item["metadata"]
    return _text("/".join(filter(None, (metadata.get("namespace", ""), metadata["name"]))))


def _aggregated(role: Manifest) -> dict[str, str]:
    found = {}
    if labels := role["metadata"].get("labels"):
        found["labels"] = _text(labels)
    if "aggregationRule" in role:
        found["selectors"] = _text(role["aggregationRule"]["clusterRoleSelectors"])
    return found


def _subject(subject: Manifest) -> str:
    known = {"User": "user", "Group": "group"}
    if subject["kind"] in known and "namespace" not in subject:
        return _call(known[subject["kind"]], _text(subject["name"]))
    if subject["kind"] == "ServiceAccount":
        return _call("account", _text(subject["name"]), *map(_text, filter(None, [subject.get("namespace", "")])))
    return _text(subject)


def _permission(wanted: Permission) -> str:
    fields = (
        ("api_group", wanted.api_group),
        ("resource", wanted.resource),
        ("name", wanted.name),
        ("path", wanted.path),
    )
    return _call("Permission", _text(wanted.verb), **{key: _text(value) for key, value in fields if value})


def _tuple(words: tuple[str, ...]) -> str:
    return f"({''.join(f'{_text(word)}, ' for word in words).rstrip()})"


def _text(value: object) -> str:
    """Python's own spelling, with the double quotes that the code has; a word with quotes keeps its own."""
    text = repr(value)
    return text if '"' in text else text.replace("'", '"')
