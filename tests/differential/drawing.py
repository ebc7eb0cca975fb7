"""Worlds drawn from a seed: the same seed, the same worlds."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from tests.access import worlds
from tests.access.manifests import Manifest
from tests.access.worlds import World

T = TypeVar("T")


def draw(strategy: st.SearchStrategy[T], count: int, seed: int) -> list[T]:
    """Draw values as Hypothesis does for a test, without a memory of earlier runs."""
    drawn: list[T] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: T) -> None:
        drawn.append(value)

    collect()
    return drawn


def draw_worlds(count: int, seed: int) -> list[World]:
    """Draw worlds that an API server stores; aggregated roles come without rules, as a controller fills them."""
    return [_unfilled(world) for world in draw(_crowded(storable=True), count, seed)]


def draw_odd_worlds(count: int, seed: int) -> list[World]:
    """Draw worlds with what no API server accepts; none is aggregated, for no controller could write that."""
    return [_apart(world) for world in draw(_crowded(storable=False), count, seed)]


def _crowded(*, storable: bool) -> st.SearchStrategy[World]:
    """Several worlds in one: a later role takes the place of an earlier one, bindings come together."""
    return st.lists(worlds.worlds(storable=storable), min_size=1, max_size=3).map(_together)


def _together(several: Sequence[World]) -> World:
    return World(()).replaced(
        [_numbered(item, number) for number, world in enumerate(several) for item in world.manifests]
    )


def _numbered(item: Manifest, number: int) -> Manifest:
    if "roleRef" not in item:
        return item
    return {**item, "metadata": {**item["metadata"], "name": f"{item['metadata']['name']}-{number}"}}


def _unfilled(world: World) -> World:
    return world.replaced([{**role, "rules": []} for role in world.cluster_roles if "aggregationRule" in role])


def _apart(world: World) -> World:
    plain = [{key: role[key] for key in role if key != "aggregationRule"} for role in world.cluster_roles]
    return world.replaced(plain)
