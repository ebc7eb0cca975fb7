"""Makes a disagreement as small as it gets: objects go first, then what is in them, then groups of the request."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from rbac_audit.access import Identity
from tests.access.manifests import Manifest
from tests.access.worlds import Request, World

T = TypeVar("T")

# What must stay for a manifest to be one; the words of everything else may go, and lists may get empty.
KEPT = frozenset(
    (
        "apiVersion",
        "kind",
        "metadata",
        "name",
        "namespace",
        "roleRef",
        "apiGroup",
        "rules",
        "subjects",
        "key",
        "operator",
    )
)


@dataclass(frozen=True)
class Case:
    """A world and one request to it."""

    world: World
    request: Request


def shrink(case: Case, fails: Callable[[Case], bool]) -> Case:
    """Leave out whatever the case fails without, until nothing more can go."""
    world = shrink_world(case.world, lambda world: fails(Case(world, case.request)))
    request = case.request
    while smaller := next((each for each in _simpler(request) if fails(Case(world, each))), None):
        request = smaller
    return Case(world, request)


def shrink_world(world: World, fails: Callable[[World], bool]) -> World:
    """Leave out half of the objects at once, then smaller and smaller parts, then what is in the objects."""
    size = len(world.manifests) // 2
    while size:
        rests = map(World, _without(world.manifests, size))
        smaller = next(filter(fails, rests), None)
        world = smaller or world
        size = min(size, len(world.manifests) // 2) if smaller else size // 2
    while smaller := next(filter(fails, _smaller(world)), None):
        world = smaller
    return world


def _without(items: tuple[T, ...], size: int) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(items), size):
        yield items[:start] + items[start + size :]


def _smaller(world: World) -> Iterator[World]:
    items = world.manifests
    yield from map(World, _without(items, 1))
    for number, item in enumerate(items):
        yield from (World((*items[:number], less, *items[number + 1 :])) for less in _less(item))


def _simpler(request: Request) -> Iterator[Request]:
    who, wanted = request.identity, request.permission
    for groups in _without(who.groups, 1):
        yield replace(request, identity=Identity(who.user, groups))
    if wanted.name:
        yield replace(request, permission=msgspec.structs.replace(wanted, name=""))
    if request.namespace:
        yield replace(request, namespace="")


def _less(value: Manifest) -> Iterator[Manifest]:
    """The same object without one of its optional fields, or with less in one of its fields."""
    for key, inner in value.items():
        if key not in KEPT:
            yield {other: value[other] for other in value if other != key}
        for smaller in _less_of(inner):
            yield {**value, key: smaller}


def _less_of(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from _less(value)
    elif isinstance(value, list):
        yield from map(list, _without(tuple(value), 1))
        for number, inner in enumerate(value):
            for smaller in _less_of(inner):
                yield [*value[:number], smaller, *value[number + 1 :]]
