"""Requests that a world has reason to allow: by its own subjects, close to what they hold."""

from hypothesis import strategies as st

from rbac_audit.access import Identity, Permission
from tests.access import reference
from tests.access.manifests import Manifest
from tests.access.worlds import Request, World, requests


@st.composite
def questions(draw: st.DrawFn, world: World) -> list[Request]:
    """Requests to a world: most by its own subjects and close to what they hold, some of anybody for anything."""
    bindings = [item for item in world.manifests if item["kind"].endswith("Binding")]
    # Those that grant something come thrice, so that there is more to say yes to.
    settled = world.replaced(reference.settled(world.cluster_roles, keep_stored=True))
    held = [pair for item in bindings for pair in _held(settled, item)]
    return draw(st.lists(st.one_of([requests(), *[_near(held)] * 4]), min_size=4, max_size=8))


@st.composite
def _near(draw: st.DrawFn, held: list[tuple[Manifest, list[Manifest]]]) -> Request:
    anything = draw(requests())
    binding, rules = draw(st.sampled_from(held))
    home = draw(st.sampled_from([*[binding["metadata"].get("namespace", "")] * 3, anything.namespace]))
    who = _identity_of(draw(st.sampled_from(binding["subjects"])), home)
    wanted = _like(draw(st.sampled_from(rules)), anything.permission) if rules else anything.permission
    return Request(who, wanted, "" if wanted.path else home)


def _held(world: World, binding: Manifest) -> list[tuple[Manifest, list[Manifest]]]:
    rules = reference.rules_of(world.manifests, binding["roleRef"], binding["metadata"].get("namespace", ""))
    return [(binding, list(rules))] * (3 if rules else 1)


def _identity_of(subject: Manifest, home: str) -> Identity:
    match subject["kind"]:
        case "Group":
            return Identity("bob", ("ops", subject["name"]))
        case "ServiceAccount":
            return Identity(f"system:serviceaccount:{subject.get('namespace', home)}:{subject['name']}")
        case _:
            return Identity(subject["name"])


def _like(rule: Manifest, other: Permission) -> Permission:
    """A permission that a rule names; wildcards and what it leaves open as in the other permission."""
    verb = _word(rule, "verbs", other.verb)
    if rule.get("nonResourceURLs"):
        return Permission(verb, path=_word(rule, "nonResourceURLs", "/").rstrip("*") + other.path)
    resource = _word(rule, "resources", other.resource or "pods").replace("*/", "pods/")
    return Permission(
        verb, _word(rule, "apiGroups", other.api_group), resource, _word(rule, "resourceNames", other.name)
    )


def _word(rule: Manifest, field: str, other: str) -> str:
    found = rule.get(field) or ["*"]
    return other if found[-1] == "*" else str(found[-1])
