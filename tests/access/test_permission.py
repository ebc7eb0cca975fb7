"""One rule against one request, as pkg/apis/rbac/v1/evaluation_helpers.go compares them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.access.permission import Permission, has_verb, rule_allows
from rbac_audit.snapshot.objects import PolicyRule
from tests.access import reference, worlds
from tests.access.manifests import Manifest
from tests.access.worlds import Request, typed


def on(verbs: str = "get", groups: str = "_", resources: str = "pods", names: str = "", urls: str = "") -> PolicyRule:
    """A rule from lists divided by spaces; `_` is the core group."""
    return PolicyRule(
        verbs=tuple(verbs.split()),
        api_groups=tuple("" if group == "_" else group for group in groups.split()),
        resources=tuple(resources.split()),
        resource_names=tuple(names.split()),
        non_resource_urls=tuple(urls.split()),
    )


def wants(verb: str, resource: str, group: str = "", name: str = "") -> Permission:
    return Permission(verb=verb, api_group=group, resource=resource, name=name)


def url(path: str, verb: str = "get") -> Permission:
    return Permission(verb=verb, path=path)


VERBS = [
    (on("get"), wants("get", "pods"), True),
    (on("get"), wants("list", "pods"), False),
    (on("get list"), wants("list", "pods"), True),
    (on("*"), wants("deletecollection", "pods"), True),
    (on("watch *"), wants("get", "pods"), True),
    (on("Get"), wants("get", "pods"), False),
    (on("get*"), wants("get", "pods"), False),
    (on("get"), wants("*", "pods"), False),
    (on("*"), wants("*", "pods"), True),
    (on(""), wants("get", "pods"), False),
]
GROUPS = [
    (on(groups="_"), wants("get", "pods"), True),
    (on(groups="_"), wants("get", "pods", "apps"), False),
    (on(groups="apps"), wants("get", "pods"), False),
    (on(groups="apps _"), wants("get", "pods"), True),
    (on(groups="*"), wants("get", "pods"), True),
    (on(groups="*"), wants("get", "pods", "kubevirt.io"), True),
    (on(groups="*.kubevirt.io"), wants("get", "pods", "subresources.kubevirt.io"), False),
    (on(groups="kubevirt.io"), wants("get", "pods", "subresources.kubevirt.io"), False),
    (on(groups=""), wants("get", "pods"), False),
    (on(groups="", resources="*", verbs="*"), wants("get", "pods"), False),
]
RESOURCES = [
    (on(resources="pods"), wants("get", "pods"), True),
    (on(resources="pods"), wants("get", "pod"), False),
    (on(resources="pods"), wants("get", "Pods"), False),
    (on(resources="pods"), wants("get", "pods/log"), False),
    (on(resources="pods/log"), wants("get", "pods/log"), True),
    (on(resources="pods/log"), wants("get", "pods"), False),
    (on(resources="pods/log"), wants("get", "pods/exec"), False),
    (on(resources="secrets pods/log"), wants("get", "pods/log"), True),
    (on(resources="*"), wants("get", "pods"), True),
    (on(resources="*"), wants("get", "pods/log"), True),
    (on(resources="*/log"), wants("get", "pods/log"), True),
    (on(resources="*/log"), wants("get", "pods"), False),
    (on(resources="*/log"), wants("get", "log"), False),
    (on(resources="*/log"), wants("get", "pods/catalog"), False),
    (on(resources="*/log"), wants("get", "pods/logs"), False),
    (on(resources="*/scale */log"), wants("get", "pods/log"), True),
    (on(resources="*/a/b"), wants("get", "pods/a/b"), True),
    (on(resources="*/b"), wants("get", "pods/a/b"), False),
    (on(resources="*/log"), wants("get", "/log"), True),
    (on(resources="pods/*"), wants("get", "pods/log"), False),
    (on(resources="pods/*"), wants("get", "pods"), False),
    (on(resources="pods/*"), wants("get", "pods/*"), True),
    (on(resources="*/*"), wants("get", "pods/log"), False),
    (on(resources="*/*"), wants("get", "pods"), False),
    (on(resources="po*"), wants("get", "pods"), False),
    (on(resources=""), wants("get", "pods"), False),
]
NAMES = [
    (on(names="web"), wants("get", "pods", name="web"), True),
    (on(names="web"), wants("get", "pods", name="db"), False),
    (on(names="db web"), wants("get", "pods", name="web"), True),
    (on(names="web"), wants("get", "pods"), False),
    (on("create", names="web"), wants("create", "pods"), False),
    (on("list", names="web"), wants("list", "pods"), False),
    # A list with fieldSelector metadata.name=web is a request with a name.
    (on("list", names="web"), wants("list", "pods", name="web"), True),
    (on("create"), wants("create", "pods", name="web"), True),
    (on(names="*"), wants("get", "pods", name="web"), False),
    (on(names="*"), wants("get", "pods", name="*"), True),
    (on(names="w*"), wants("get", "pods", name="web"), False),
    (on(names="Web"), wants("get", "pods", name="web"), False),
    (
        PolicyRule(verbs=("get",), api_groups=("",), resources=("pods",), resource_names=("",)),
        wants("get", "pods"),
        True,
    ),
    (
        PolicyRule(verbs=("get",), api_groups=("",), resources=("pods",), resource_names=("web ",)),
        wants("get", "pods", name="web"),
        False,
    ),
    (on("*", "*", "*", names="web"), wants("get", "pods"), False),
]
URLS = [
    (on(groups="", resources="", urls="/metrics"), url("/metrics"), True),
    (on(groups="", resources="", urls="/metrics"), url("/metrics/"), False),
    (on(groups="", resources="", urls="/metrics"), url("/metric"), False),
    (on(groups="", resources="", urls="/metrics"), url("/metrics", "post"), False),
    (on("*", groups="", resources="", urls="/metrics"), url("/metrics", "post"), True),
    (on(groups="", resources="", urls="*"), url("/anything/at/all"), True),
    (on(groups="", resources="", urls="/x/*"), url("/x/y/z"), True),
    (on(groups="", resources="", urls="/x/*"), url("/x/"), True),
    (on(groups="", resources="", urls="/x/*"), url("/x"), False),
    (on(groups="", resources="", urls="/x*"), url("/x"), True),
    (on(groups="", resources="", urls="/x*"), url("/xyz"), True),
    (on(groups="", resources="", urls="/x**"), url("/x"), True),
    (on(groups="", resources="", urls="/x/***"), url("/x/y"), True),
    (on(groups="", resources="", urls="/x/***"), url("/x"), False),
    (on(groups="", resources="", urls="/x*y*"), url("/x*yz"), True),
    (on(groups="", resources="", urls="/x*y"), url("/xzy"), False),
    (on(groups="", resources="", urls="/x*y"), url("/x*y"), True),
    (on(groups="", resources="", urls="*/x"), url("/a/x"), False),
    (on(groups="", resources="", urls="/a /x*"), url("/xy"), True),
    (on(groups="", resources="", urls=""), url("/x"), False),
]
MIXED = [
    # A rule on resources says nothing about URLs, and the other way round.
    (on("*", "*", "*"), url("/metrics"), False),
    (on("*", groups="", resources="", urls="*"), wants("get", "pods"), False),
    # The API server refuses to store both in one rule, but its evaluator takes each for itself.
    (on(urls="/metrics"), wants("get", "pods"), True),
    (on(urls="/metrics"), url("/metrics"), True),
    (on(names="web", urls="/metrics"), url("/metrics"), True),
    (on(groups="", urls="/metrics"), url("/metrics"), True),
    (on(groups="", urls="/metrics"), wants("get", "pods"), False),
    (PolicyRule(), wants("get", "pods"), False),
    (PolicyRule(), url("/"), False),
]


@pytest.mark.parametrize(("rule", "permission", "allowed"), VERBS + GROUPS + RESOURCES + NAMES + URLS + MIXED)
def test_a_rule_allows(rule: PolicyRule, permission: Permission, allowed: bool) -> None:
    assert rule_allows(rule, permission) is allowed


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (on("get list", groups="apps", resources="deployments", names="web"), True),
        (on("*"), True),
        (on("get*"), False),
        (on("watch"), False),
        (on("", urls="/list"), False),
    ],
)
def test_a_rule_is_about_a_verb(rule: PolicyRule, expected: bool) -> None:
    assert has_verb(rule, "list") is expected


@pytest.mark.parametrize(
    ("permission", "text"),
    [
        (wants("get", "pods"), "get pods"),
        (wants("get", "pods", name="web"), "get pods web"),
        (wants("create", "pods/exec"), "create pods/exec"),
        (wants("patch", "deployments/scale", "apps", "web"), "patch deployments.apps/scale web"),
        (wants("get", "virtualmachines", "kubevirt.io"), "get virtualmachines.kubevirt.io"),
        (url("/metrics"), "get /metrics"),
    ],
)
def test_a_permission_prints_as_kubectl_writes_it(permission: Permission, text: str) -> None:
    assert str(permission) == text


def test_permissions_are_plain_words_that_sort() -> None:
    assert Permission("get") == Permission(verb="get", api_group="", resource="", name="", path="")
    later = [wants("get", "pods", "apps"), wants("get", "secrets"), wants("get", "pods", name="web"), url("/x")]
    assert sorted([*later, wants("create", "pods")]) == [
        wants("create", "pods"),
        url("/x"),
        wants("get", "pods", name="web"),
        wants("get", "secrets"),
        wants("get", "pods", "apps"),
    ]


@given(worlds.rules(), worlds.requests())
def test_every_rule_decides_as_the_loops_of_the_api_server(rule: Manifest, request: Request) -> None:
    assert rule_allows(typed(rule), request.permission) is reference.rule_allows(rule, request.attributes)


@given(worlds.rules(), worlds.requests(), st.sampled_from(["verbs", "apiGroups", "resources", "nonResourceURLs"]))
def test_a_longer_list_never_takes_away(rule: Manifest, request: Request, field: str) -> None:
    longer = {**rule, field: [*rule.get(field, []), "*"]}
    before, after = (rule_allows(typed(each), request.permission) for each in (rule, longer))
    assert after or not before
