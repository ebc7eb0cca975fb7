"""Role templates and what they inherit."""

import pytest

from rbac_audit.rancher.templates import CREATE_NAMESPACES, RoleTemplates, grants, makes_owner
from rbac_audit.snapshot.objects import Metadata, PolicyRule, RoleTemplate
from tests.rancher.worlds import objects

WORLD = """
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: a}, context: project, roleTemplateNames: [b, gone]}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: b}, roleTemplateNames: [view, c],
 rules: [{apiGroups: [""], resources: [namespaces], verbs: [create]}]}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: c}, roleTemplateNames: [view]}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: view}, external: true}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: loop1}, roleTemplateNames: [loop2]}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: loop2}, roleTemplateNames: [loop1]}
"""
VIEW = PolicyRule(verbs=("get",), api_groups=("",), resources=("pods",))


def templates() -> RoleTemplates:
    return RoleTemplates(item for item in objects(WORLD) if isinstance(item, RoleTemplate))


def names(start: str) -> list[str]:
    return [template.name for template in templates().closure(start).templates]


def test_closure_starts_with_the_template_and_has_each_once() -> None:
    assert names("a") == ["a", "b", "view", "c"]


def test_missing_parents_and_templates_are_named() -> None:
    assert templates().closure("a").missing == ("gone",)
    assert templates().closure("nobody").missing == ("nobody",)
    assert names("nobody") == []


def test_a_cycle_ends_and_is_told() -> None:
    assert names("loop1") == ["loop1", "loop2"]
    assert templates().closure("loop1").cyclic
    assert not templates().closure("a").cyclic


def test_a_circle_is_the_same_from_wherever_it_is_seen() -> None:
    text = """
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: c}, roleTemplateNames: [a]}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: a}, roleTemplateNames: [b]}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: b}, roleTemplateNames: [c]}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: x}, roleTemplateNames: [c, self]}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: self}, roleTemplateNames: [self]}
"""
    known = RoleTemplates(item for item in objects(text) if isinstance(item, RoleTemplate))
    assert {known.closure(name).cycle for name in "abc"} == {("a", "b", "c")}
    assert known.closure("self").cycle == ("self",)
    assert [[item.name for item in circle] for circle in known.circles()] == [["a", "b", "c"], ["self"]]


def test_a_deep_and_entangled_inheritance_is_followed_once() -> None:
    known = RoleTemplates(
        RoleTemplate(
            metadata=Metadata(name=f"{side}{depth}"), role_template_names=(f"left{depth + 1}", f"right{depth + 1}")
        )
        for depth in range(2000)
        for side in ("left", "right")
    )
    closure = known.closure("left0")
    assert len(closure.templates) == 3999
    assert closure.missing == ("left2000", "right2000")
    assert not closure.cyclic


def test_rules_of_an_external_template_are_those_of_the_cluster() -> None:
    rules = templates().rules("a", {"view": (VIEW,), "c": (VIEW,)})
    assert rules.count(VIEW) == 1
    assert grants(rules, CREATE_NAMESPACES)
    assert not grants(templates().rules("c", {}), CREATE_NAMESPACES)


def test_what_an_external_template_says_itself_counts_nothing() -> None:
    world = WORLD.replace(
        "{name: view}, external: true}",
        """{name: view}, external: true,
 rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]}""",
    )
    found = RoleTemplates(item for item in objects(world) if isinstance(item, RoleTemplate)).rules(
        "view", {"view": (VIEW,)}
    )
    assert found == (VIEW,)


OWN = "{{verbs: [{}], apiGroups: [management.cattle.io], resources: [{}]}}"
EVERYTHING = '{verbs: ["*"], apiGroups: ["*"], resources: ["*"]}'


@pytest.mark.parametrize(
    ("rules", "more", "owned"),
    [
        (OWN.format("own", "clusters"), "", {"clusters"}),
        (OWN.format("get, own", "clusters, projects"), "", {"clusters", "projects"}),
        (OWN.format('"*"', "clusters, projects"), "", set()),
        (OWN.format("own", '"*"'), "", set()),
        (EVERYTHING, "", {"clusters", "projects"}),
        (EVERYTHING, "external: true", set()),
        ("", "roleTemplateNames: [cluster-admin]", {"clusters"}),
        ("", "roleTemplateNames: [heir]", {"projects"}),
    ],
)
def test_the_verb_own_makes_an_owner_and_a_wildcard_does_not(rules: str, more: str, owned: set[str]) -> None:
    text = f"""
{{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {{name: rt}}, rules: [{rules}], {more}}}
---
{{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {{name: cluster-admin}}, external: true}}
---
{{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {{name: heir}}, roleTemplateNames: [owner]}}
---
{{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {{name: owner}}, rules: [{OWN.format("own", "projects")}]}}
"""
    closure = RoleTemplates(item for item in objects(text) if isinstance(item, RoleTemplate)).closure("rt")
    assert {resource for resource in ("clusters", "projects") if makes_owner(closure, resource)} == owned
