"""Laws of the decisions over generated worlds; the reference evaluator is the API server's loops written down again."""

from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.access import Authorizer, Identity, rule_allows
from rbac_audit.access.permission import EVERY_RIGHT
from tests.access import reference, worlds
from tests.access.manifests import Manifest
from tests.access.questions import questions
from tests.access.worlds import Request, World, typed

WORLDS = worlds.worlds()


def as_decided(world: World) -> World:
    """The world with the rules of its aggregated roles filled in where none are stored."""
    return world.replaced(reference.settled(world.cluster_roles, keep_stored=True))


def allowed(access: Authorizer, request: Request) -> bool:
    return access.allowed(request.identity, request.permission, request.namespace)


@given(WORLDS, st.data())
def test_every_decision_is_that_of_the_loops_of_the_api_server(world: World, data: st.DataObject) -> None:
    access, settled = Authorizer(world.cluster), as_decided(world).manifests
    for request in data.draw(questions(world)):
        assert allowed(access, request) is reference.authorize(settled, request.review)


@given(worlds.worlds(storable=True), st.data())
def test_so_is_every_decision_about_what_an_api_server_stores(world: World, data: st.DataObject) -> None:
    access, settled = Authorizer(world.cluster), as_decided(world).manifests
    for request in data.draw(questions(world)):
        assert allowed(access, request) is reference.authorize(settled, request.review)


@given(WORLDS, worlds.identities(), st.sampled_from(("", *worlds.NAMESPACES)))
def test_the_rules_of_somebody_are_those_of_the_rules_review(world: World, who: Identity, namespace: str) -> None:
    expected = reference.rules_for(as_decided(world).manifests, who.user, who.groups, namespace)
    found = Authorizer(world.cluster).rules_for(who, namespace)
    masters = EVERY_RIGHT if worlds.MASTERS in who.groups else ()
    assert set(found) == {*masters, *map(typed, expected)}
    assert len(found) == len(set(found))


@given(WORLDS, st.data())
def test_whoever_may_holds_a_rule_that_allows_it(world: World, data: st.DataObject) -> None:
    access = Authorizer(world.cluster)
    for request in data.draw(questions(world)):
        rules = access.rules_for(request.identity, request.namespace)
        assert allowed(access, request) is any(rule_allows(rule, request.permission) for rule in rules)


@given(WORLDS, st.data())
def test_who_can_and_can_i_agree(world: World, data: st.DataObject) -> None:
    access = Authorizer(world.cluster)
    for request in data.draw(questions(world)):
        who, namespace = request.identity, request.namespace
        reached = {
            (item["kind"], item["metadata"]["name"], item["metadata"].get("namespace", ""))
            for item in reference.reaching(world.manifests, who.user, who.groups, namespace)
        }
        expected = {
            (grant.binding, grant.rule)
            for grant in access.holders(request.permission)
            if grant.binding and (grant.binding.source.kind, grant.binding.name, grant.binding.namespace) in reached
        }
        found = [(grant.binding, grant.rule) for grant in access.grants(who, request.permission, namespace)]
        masters = [(None, None)] if worlds.MASTERS in who.groups else []
        assert found[: len(masters)] == masters
        assert set(found[len(masters) :]) == expected
        assert len(set(found)) == len(found)


@given(WORLDS, worlds.rules(), st.data())
def test_a_new_rule_never_takes_a_right_away(world: World, rule: Manifest, data: st.DataObject) -> None:
    # An aggregated role without stored rules is left alone: whatever is stored in it replaces the union.
    roles = [item for item in world.manifests if item.get("rules") or _is_plain_role(item)]
    if roles:
        chosen = data.draw(st.sampled_from(roles))
        larger = world.replaced([{**chosen, "rules": [*chosen["rules"], rule]}])
        _loses_nothing(world, larger, data.draw(questions(world)))


@given(WORLDS, WORLDS, st.data())
def test_a_new_binding_never_takes_a_right_away(world: World, other: World, data: st.DataObject) -> None:
    more = [
        {**item, "metadata": {**item["metadata"], "name": f"new-{item['metadata']['name']}"}}
        for item in other.manifests
        if item["kind"].endswith("Binding")
    ]
    _loses_nothing(world, world.replaced(more), data.draw(questions(world)))


def _is_plain_role(item: Manifest) -> bool:
    return item["kind"] in {"Role", "ClusterRole"} and "aggregationRule" not in item


def _loses_nothing(world: World, larger: World, requests: list[Request]) -> None:
    before, after = Authorizer(world.cluster), Authorizer(larger.cluster)
    for request in requests:
        assert allowed(after, request) or not allowed(before, request)


@given(WORLDS, st.sampled_from(worlds.USER_GROUPS), st.data())
def test_a_new_group_never_takes_a_right_away(world: World, group: str, data: st.DataObject) -> None:
    access = Authorizer(world.cluster)
    for request in data.draw(questions(world)):
        who = Identity(request.identity.user, (*request.identity.groups, group))
        more = Request(who, request.permission, request.namespace)
        assert allowed(access, more) or not allowed(access, request)


@given(WORLDS, st.data())
def test_what_is_allowed_everywhere_is_allowed_in_every_namespace(world: World, data: st.DataObject) -> None:
    access = Authorizer(world.cluster)
    for request in data.draw(questions(world)):
        if access.allowed(request.identity, request.permission):
            assert all(access.allowed(request.identity, request.permission, place) for place in worlds.NAMESPACES)
