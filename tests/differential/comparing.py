"""The engine asked the same as the server, and the requests over which they differ."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from rbac_audit.answers.batch import Question, answer_all
from rbac_audit.audit.estate import View
from rbac_audit.snapshot.estate import Cluster
from tests.access.worlds import Request, World
from tests.controlplane.api import ApiError
from tests.differential.asking import draw_requests
from tests.differential.shrinking import Case, shrink
from tests.differential.stage import Stage
from tests.differential.writing import row

Engine = Callable[[World, Sequence[Request]], list[bool]]
Load = Callable[[World], None]


@dataclass(frozen=True)
class Asked:
    """A world, requests to it, and what the server answered."""

    world: World
    requests: Sequence[Request]
    answers: Sequence[bool]

    def differing(self, engine: Engine) -> list[Request]:
        """The requests that the engine answers otherwise."""
        ours = engine(self.world, self.requests)
        pairs = zip(self.requests, self.answers, ours, strict=True)
        return [request for request, theirs, own in pairs if theirs is not own]


def decide(world: World, requests: Sequence[Request]) -> list[bool]:
    """Answer as `can-i --batch` does."""
    answers = answer_all(view_of(world.cluster), map(question, requests))
    return [answer.allowed for answer in answers]


def view_of(cluster: Cluster) -> View:
    """A cluster of which no Rancher is known."""
    return View(cluster, None, "", "")


def question(request: Request) -> Question:
    """Write a request as a line of `can-i --batch`."""
    wanted, who = request.permission, request.identity
    if wanted.path:
        return Question(user=who.user, groups=who.groups, verb=wanted.verb, path=wanted.path)
    resource, _, subresource = wanted.resource.partition("/")
    return Question(
        user=who.user,
        groups=who.groups,
        verb=wanted.verb,
        api_group=wanted.api_group,
        resource=resource,
        subresource=subresource,
        name=wanted.name,
        namespace=request.namespace,
    )


def ask(stage: Stage, load: Load, drawn: Sequence[World], each: int, chance: random.Random) -> list[Asked]:
    """Load one world after the other, and put so many requests to it."""

    def one(world: World) -> Asked:
        load(world)
        requests = draw_requests(world, each, chance)
        return Asked(world, requests, stage.ask(requests))

    return list(map(one, drawn))


def must_agree(stage: Stage, load: Load, asked: Sequence[Asked], where: str) -> None:
    """Fail with the smallest case of the first disagreement, written as a row of a table."""
    for number, each in enumerate(asked):
        if differing := each.differing(decide):
            name = f"{where}, world {number}"
            case = smallest(stage, load, decide, Case(each.world, differing[0]))
            found = f"{len(differing)} of {len(each.requests)} decisions differ, one of them for decisions_table.py"
            pytest.fail(f"{name}: {found}:\n{row(name, *case)}")


def smallest(stage: Stage, load: Load, engine: Engine, case: Case) -> tuple[Case, bool]:
    """Shrink a disagreement, asking the server again each time; return it with the server's answer."""

    def differs(case: Case) -> bool:
        try:
            load(case.world)
            return stage.ask([case.request]) != engine(case.world, [case.request])
        except ApiError:  # what is left is nothing that a server takes
            return False

    if not differs(case):
        pytest.fail(f"the server answers otherwise when it is asked again:\n{case}")
    case = shrink(case, differs)
    return case, not engine(case.world, [case.request])[0]
