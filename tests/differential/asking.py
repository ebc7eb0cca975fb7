"""Requests to a world: most are what a binding grants or differ from that in one thing."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rbac_audit.access import Identity, Permission
from tests.access import worlds
from tests.access.manifests import Manifest
from tests.access.worlds import Request, World

# The words of the worlds, and words that no rule has. `kubectl auth can-i '*' '*'` asks for stars.
USUAL: Mapping[str, Sequence[str]] = {
    "verbs": ("get", "list", "create"),
    "apiGroups": ("", "apps"),
    "resources": ("pods", "pods/log", "secrets", "secrets/log", "log"),
    "resourceNames": ("", "web", "db"),
    "nonResourceURLs": ("/x", "/x/", "/x/y", "/xy", "/", "/x/*"),
    "place": ("", *worlds.NAMESPACES),
}
ODD: Mapping[str, Sequence[str]] = {
    "verbs": ("*", "GET", "deletecollection"),
    "apiGroups": ("*", "batch", "Apps"),
    "resources": ("pods/status", "pods/log/tail", "*", "*/log", "pods/*", "Pods", "po"),
    "resourceNames": ("*", "we", "Web"),
    "nonResourceURLs": ("/x//y", "x", "*", "/X", "/x/y/z"),
    "place": ("team-c", "default"),
}
ON_RESOURCE = ("verbs", "apiGroups", "resources", "resourceNames")
ON_URL = ("verbs", "nonResourceURLs")
USERS = (*worlds.USERS, "", "system:serviceaccount:team-b:bot", "system:serviceaccount::bot")
USER_GROUPS = (*worlds.USER_GROUPS, "system:serviceaccounts:team-b", "*", "")


@dataclass(frozen=True)
class _Granted:
    """Somebody, a rule and a place that a binding puts together."""

    who: Identity
    rule: Manifest
    place: str


def draw_requests(world: World, count: int, chance: random.Random) -> list[Request]:
    """Draw different requests."""
    granted = list(_granted(world))
    found: dict[Request, None] = {}
    while len(found) < count:
        near = granted and chance.random() < 0.8
        found.setdefault(_near(chance.choice(granted), chance) if near else _anything(chance))
    return list(found)


def _anything(chance: random.Random) -> Request:
    return _request(_anybody(chance), {}, _word("place", chance), chance)


def _near(granted: _Granted, chance: random.Random) -> Request:
    who, rule, place = granted.who, granted.rule, granted.place
    match chance.randrange(6):
        case 0:
            other = _anybody(chance)
            who = chance.choice([other, Identity(who.user, other.groups), Identity(other.user, who.groups)])
        case 1:
            place = _word("place", chance)
        case 2:
            field = chance.choice(ON_URL if rule.get("nonResourceURLs") else ON_RESOURCE)
            rule = {**rule, field: [_word(field, chance)]}
    return _request(_named(who), rule, place or _word("place", chance), chance)


def _request(who: Identity, rule: Manifest, place: str, chance: random.Random) -> Request:
    """Ask for what a rule names; where it has a star or leaves it open, for anything."""
    if rule.get("nonResourceURLs") or not (rule.get("resources") or chance.randrange(4)):
        return Request(who, Permission(_of(rule, "verbs", chance), path=_of(rule, "nonResourceURLs", chance)))
    verb, group, resource, name = (_of(rule, field, chance) for field in ON_RESOURCE)
    return Request(who, Permission(verb, group, resource, name), place)


def _of(rule: Manifest, field: str, chance: random.Random) -> str:
    word = str(chance.choice(rule.get(field) or ["*"]))
    if word == "*":
        return _word(field, chance)
    if field == "nonResourceURLs" and word.endswith("*"):
        return word.rstrip("*") + chance.choice(["", "", "y", "/y", "*"])
    if field == "nonResourceURLs":
        return word + chance.choice(["", "", "", "/", "/y", "y"])
    if field == "resourceNames":
        return chance.choice([word, word, ""])
    return word.replace("*/", chance.choice(["pods/", "*/"])) if field == "resources" else word


def _word(field: str, chance: random.Random) -> str:
    return chance.choice((USUAL if chance.random() < 0.85 else ODD)[field])


def _anybody(chance: random.Random) -> Identity:
    groups = chance.sample(USER_GROUPS, chance.randrange(4))
    if chance.random() < 0.03:
        groups.append(worlds.MASTERS)
    return _named(Identity(chance.choice(USERS), tuple(groups)))


def _named(who: Identity) -> Identity:
    """An access review needs a user or a group."""
    return who if who.user or who.groups else Identity("nobody")


def _granted(world: World) -> Iterator[_Granted]:
    roles = {_key(item): item for item in world.manifests}
    everything = [rule for item in world.manifests for rule in item.get("rules", [])] or [{}]
    for item in world.manifests:
        place = item["metadata"].get("namespace", "")
        for subject in item.get("subjects", []):
            ref = item["roleRef"]
            role = roles.get((ref["kind"], place if ref["kind"] == "Role" else "", ref["name"]), {})
            held = role.get("rules") or (everything if "aggregationRule" in role else everything[:1])
            yield from (_Granted(who, rule, place) for who in _identities(subject, place) for rule in held)


def _key(item: Manifest) -> tuple[str, str, str]:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _identities(subject: Manifest, place: str) -> Iterator[Identity]:
    match subject["kind"]:
        case "Group":
            yield Identity("mallory", ("ops", subject["name"]))
        case "ServiceAccount":
            # One of no namespace in a ClusterRoleBinding is nobody, wherever one looks.
            home = subject.get("namespace") or place
            for namespace in [home] if home else USUAL["place"]:
                yield Identity(f"system:serviceaccount:{namespace}:{subject['name']}")
        case _:
            yield Identity(subject["name"])
