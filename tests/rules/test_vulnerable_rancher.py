"""Advisories that the version of Rancher tells, with the objects that they are about and without."""

import pytest

from rbac_audit.audit.finding import Confidence, Finding
from rbac_audit.harvester.rancher_advisories import RANCHER
from rbac_audit.rancher.naming import cluster_role_binding_name
from rbac_audit.rules import RULES
from rbac_audit.rules.vulnerable_rancher import RULE, SEEN_BY, TRACES
from rbac_audit.snapshot.objects import Deployment, ValidatingWebhookConfiguration
from tests.rules.estate import estate, found, not_evaluated

MANAGEMENT = "apiVersion: management.cattle.io/v3"
RBAC = "apiVersion: rbac.authorization.k8s.io/v1"


def rancher(version: str, name: str = "server-version") -> str:
    return f"""
{MANAGEMENT}
kind: Setting
metadata: {{name: {name}}}
value: "{version}"
---
{MANAGEMENT}
kind: User
metadata: {{name: u-erin}}
"""


def told(version: str) -> dict[str, bool]:
    """Map each advisory that is named to whether the version surely lacks it."""
    shown = {}
    for finding in found(RULE, estate("", rancher(version))):
        for link in finding.chain:
            words = link.text.partition(":")[0]
            shown[words.removeprefix("perhaps ")] = not words.startswith("perhaps ")
    return shown


def test_a_version_alone_is_possible_and_one_finding() -> None:
    [finding] = found(RULE, estate("", rancher("v2.12.0")))
    assert finding.confidence is Confidence.POSSIBLE
    assert str(finding.object) == "Setting server-version"
    assert finding.message.startswith("Rancher v2.12.0 has known faults: ")
    assert not finding.related
    assert told("v2.12.0")["CVE-2024-58260"] is True
    assert told("v2.12.2-rc1")["CVE-2024-58260"] is False


def test_a_fixed_version_is_clean() -> None:
    assert found(RULE, estate("", rancher("v2.15.0"))) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (rancher("v2.14-head"), "the version of Rancher is no release: v2.14-head"),
        (rancher("v2.14.1-0a1b2c3-head"), "the version of Rancher is no release: v2.14.1-0a1b2c3-head"),
        (rancher("master-head"), "the version of Rancher is no release: master-head"),
        (rancher(""), "the version of Rancher is not known"),
        (rancher("v2.15.0", "server-url"), "the version of Rancher is not known"),
    ],
)
def test_an_unknown_version_is_never_clean(text: str, why: str) -> None:
    [entry] = not_evaluated(RULE, estate("", text))
    assert (entry.because, entry.partly) == ((why,), False)


def test_what_is_shown_by_objects_is_in_the_table_and_in_the_list_of_rules() -> None:
    known = {item.id for item in RANCHER}
    assert {*SEEN_BY, *TRACES} <= known
    assert SEEN_BY.keys().isdisjoint(TRACES)
    assert set(SEEN_BY.values()) <= set(RULES)


def fleet(image: str) -> str:
    return f"""
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: fleet-controller, namespace: cattle-fleet-system}}
spec: {{template: {{spec: {{containers: [{{name: fleet-controller, image: "{image}"}}]}}}}}}
"""


@pytest.mark.parametrize(
    ("image", "lacks"),
    [
        ("rancher/fleet:v0.16.2", True),
        ("rancher/fleet:v0.16.3", False),
        ("registry.example:5000/rancher/fleet:v0.13.1@sha256:0123", True),
        ("registry.example:5000/rancher/fleet", False),
        ("rancher/fleet:v0.12.9", False),
        ("rancher/fleet:v0.17.0", False),
    ],
)
def test_fleet_is_judged_by_its_image(image: str, lacks: bool) -> None:
    findings = found(RULE, estate("", rancher("v2.15.0") + fleet(image)))
    assert [str(finding.object) for finding in findings] == (
        ["Deployment cattle-fleet-system/fleet-controller"] if lacks else []
    )
    assert all("CVE-2026-94290" in finding.message for finding in findings)
    other = fleet(image).replace("name: fleet-controller, namespace", "name: fleet-agent, namespace")
    assert not found(RULE, estate("", rancher("v2.15.0") + other))


def test_without_deployments_the_version_of_fleet_is_not_known() -> None:
    [entry] = not_evaluated(RULE, estate("", rancher("v2.15.0"), unread=(Deployment,)))
    assert (entry.because, entry.partly) == (("no Deployment was read from rancher",), True)


def thing(kind: str, metadata: str, *fields: str, api: str = MANAGEMENT) -> str:
    return "\n".join(["---", api, f"kind: {kind}", f"metadata: {{{metadata}}}", *fields, ""])


def template(name: str, rules: str, *more: str) -> str:
    return thing("RoleTemplate", f"name: {name}", "context: project", f"rules: [{rules}]", *more)


def prtb(name: str, role: str, user: str, annotations: str = "") -> str:
    return thing(
        "ProjectRoleTemplateBinding",
        f"name: {name}, namespace: p-shop, annotations: {{{annotations}}}",
        'projectName: "c-m-abcd1234:p-shop"',
        f"roleTemplateName: {role}",
        f"userName: {user}",
    )


def crb(name: str, role: str, subject: str, labels: str = "") -> str:
    return thing(
        "ClusterRoleBinding",
        f"name: {name}, labels: {{{labels}}}",
        f"roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}",
        f"subjects: [{{apiGroup: rbac.authorization.k8s.io, {subject}}}]",
        api=RBAC,
    )


PROJECT = thing("Project", "name: p-shop, namespace: c-m-abcd1234")
ADMIN = thing("GlobalRole", "name: admin", "builtin: true")
ERIN_ADMIN = thing("GlobalRoleBinding", "name: grb-erin", "globalRoleName: admin", "userName: u-erin")
PODS = '{apiGroups: [""], resources: [pods], verbs: [get]}'
MANAGE = '{apiGroups: [management.cattle.io], resources: [projectroletemplatebindings], verbs: ["*"]}'
BOB = thing("User", "name: u-bob")
NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop", field.cattle.io/creatorId: u-erin}
"""
IMPERSONATE = thing(
    "ClusterRole",
    "name: actor",
    'rules: [{apiGroups: [""], resources: [users], verbs: [impersonate]}]',
    api=RBAC,
)
PROMOTED = cluster_role_binding_name("ClusterRole", "rt-promoted", "Group", "github_team://7")

# What an advisory is about: a version that lacks the fix, Rancher's objects, the cluster's, and what is named.
AFFECTED = {
    "CVE-2020-10676": ("v2.7.3", PROJECT + BOB, NAMESPACE, "Namespace shop"),
    "CVE-2021-25318": (
        "v2.5.8",
        PROJECT
        + template("rt", "{apiGroups: [apps], resources: [deployments], verbs: [get]}")
        + thing(
            "Role",
            "name: rt, namespace: p-shop",
            'rules: [{apiGroups: ["*"], resources: [deployments], verbs: [get]}]',
            api=RBAC,
        ),
        "",
        "Role p-shop/rt",
    ),
    "CVE-2021-36775": (
        "v2.6.2",
        PROJECT + template("rt", PODS),
        NAMESPACE
        + crb(
            PROMOTED, "rt-promoted", 'kind: Group, name: "github_team://7"', "c-m-abcd1234-p-shop_prtb-gone: owner-user"
        ),
        f"ClusterRoleBinding {PROMOTED}",
    ),
    "CVE-2021-36782": (
        "v2.6.6",
        thing("Cluster", "name: c-m-abcd1234", "status: {serviceAccountToken: made-up}"),
        "",
        "Cluster c-m-abcd1234",
    ),
    "CVE-2021-36784": ("v2.6.3", thing("GlobalRole", "name: restricted-admin"), "", "GlobalRole restricted-admin"),
    "CVE-2021-4200": ("v2.6.3", thing("GlobalRole", "name: restricted-admin"), "", "GlobalRole restricted-admin"),
    "CVE-2022-31247": (
        "v2.6.6",
        PROJECT
        + template("manage", f"{MANAGE}, {PODS}")
        + template("all", '{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}')
        + prtb("b-erin", "manage", "u-erin")
        + prtb("b-bob", "all", "u-bob", "field.cattle.io/creatorId: u-erin"),
        "",
        "ProjectRoleTemplateBinding p-shop/b-bob",
    ),
    "CVE-2022-43757": (
        "v2.7.0",
        thing("Cluster", "name: c-m-abcd1234", "spec: {rancherKubernetesEngineConfig: {x: [{password: made-up}]}}"),
        "",
        "Cluster c-m-abcd1234",
    ),
    "CVE-2023-22647": ("v2.7.3", ADMIN + ERIN_ADMIN, "", "GlobalRoleBinding grb-erin"),
    "CVE-2023-22648": (
        "v2.7.3",
        thing("User", "name: u-left", 'principalIds: ["azuread_user://1"]')
        + thing("UserAttribute", "name: u-left", 'lastLogin: "2026-01-05T10:00:00Z"')
        + thing(
            "GlobalRoleBinding",
            'name: grb-left, creationTimestamp: "2026-07-01T10:00:00Z"',
            "globalRoleName: user",
            "userName: u-left",
        ),
        "",
        "User u-left",
    ),
    "CVE-2023-22650": (
        "v2.8.4",
        thing("User", "name: u-left", 'principalIds: ["openldap_user://1"]')
        + thing("UserAttribute", "name: u-left", 'lastLogin: "2026-01-05T10:00:00Z"')
        + thing(
            "GlobalRoleBinding",
            'name: grb-left, creationTimestamp: "2026-07-01T10:00:00Z"',
            "globalRoleName: user",
            "userName: u-left",
        ),
        "",
        "User u-left",
    ),
    "CVE-2023-22651": (
        "v2.7.2",
        PROJECT
        + template("rt", PODS)
        + prtb("b", "rt", "u-erin")
        + thing(
            "ValidatingWebhookConfiguration",
            "name: rancher.cattle.io",
            "webhooks: []",
            api="apiVersion: admissionregistration.k8s.io/v1",
        ),
        "",
        "ValidatingWebhookConfiguration rancher.cattle.io",
    ),
    "CVE-2023-32194": (
        "v2.8.1",
        template("rt", "{apiGroups: [example.com], resources: [namespaces], verbs: [create]}"),
        "",
        "RoleTemplate rt",
    ),
    "CVE-2023-32196": ("v2.8.4", template("rt", "", "external: true"), "", "RoleTemplate rt"),
    "CVE-2023-32199": (
        "v2.12.2",
        PROJECT + template("rt", PODS),
        NAMESPACE + crb("globaladmin-u-erin", "cluster-admin", "kind: User, name: u-erin"),
        "ClusterRoleBinding globaladmin-u-erin",
    ),
    "CVE-2024-58260": (
        "v2.12.1",
        thing("User", "name: u-one", "username: bob") + thing("User", "name: u-two", "username: bob"),
        "",
        "User u-one",
    ),
    "CVE-2025-23389": (
        "v2.10.2",
        thing("User", "name: u-one", 'principalIds: ["okta_user://bob"]')
        + thing("User", "name: u-two", 'principalIds: ["okta_user://bob"]'),
        "",
        "User u-one",
    ),
    "CVE-2025-23391": ("v2.10.3", thing("GlobalRole", "name: restricted-admin"), "", "GlobalRole restricted-admin"),
    "CVE-2026-41052": (
        "v2.14.1",
        PROJECT
        + template("rt", "{apiGroups: [management.cattle.io], resources: [projects], verbs: [updatepsa]}")
        + prtb("b", "rt", "u-erin"),
        "",
        "RoleTemplate rt",
    ),
    "CVE-2026-41053": (
        "v2.14.1",
        thing(
            "UserAttribute",
            "name: u-erin",
            'GroupPrincipals: {githubapp: {Items: [{metadata: {name: "githubapp_team://7"}}]}}',
            'LastRefresh: "2026-06-20T10:00:00Z"',
        ),
        "",
        "UserAttribute u-erin",
    ),
    "CVE-2026-44945": (
        "v2.13.7",
        PROJECT,
        NAMESPACE + IMPERSONATE + crb("actors", "actor", "kind: User, name: u-erin"),
        "ClusterRoleBinding actors",
    ),
    "CVE-2026-44947": (
        "v2.13.6",
        PROJECT + template("rt", PODS) + prtb("b", "rt", "u-erin"),
        NAMESPACE + crb("crb-whgxafpeis", "p-shop-namespaces-psa", "kind: User, name: u-erin"),
        "ClusterRoleBinding crb-whgxafpeis",
    ),
    "CVE-2026-44949": (
        "v2.13.6",
        thing(
            "RoleBinding",
            "name: fleetworkspace-admin-binding-x, namespace: x",
            "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: fleetworkspace-admin}",
            "subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: mallory}]",
            api=RBAC,
        ),
        "",
        "RoleBinding x/fleetworkspace-admin-binding-x",
    ),
    "GHSA-7m72-mh5r-6j3r": (
        "v2.6.9",
        PROJECT + template("rt", MANAGE) + prtb("b", "rt", "u-erin"),
        "",
        "RoleTemplate rt",
    ),
    "GHSA-8h6m-wv39-239m": (
        "v2.11.0",
        PROJECT + thing("Project", "name: p-shop, namespace: c-m-other123"),
        "",
        "Project c-m-abcd1234/p-shop",
    ),
}


IN_SHOP = thing(
    "RoleBinding",
    "name: actors, namespace: shop",
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: actor}",
    "subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: u-erin}]",
    api=RBAC,
)
ON_CLUSTER = thing(
    "ClusterRoleTemplateBinding",
    "name: crtb, namespace: c-m-abcd1234",
    "clusterName: c-m-abcd1234",
    "roleTemplateName: rt",
    "userName: u-erin",
)


def of_advisory(name: str, version: str, *, shown: bool = True) -> list[Finding]:
    """Find what is told of one advisory; without `shown`, none of its objects is there."""
    _, managers, tenants, _ = AFFECTED[name]
    text = rancher(version) + (managers if shown else PROJECT)
    findings = found(RULE, estate(tenants if shown else "", text))
    return [finding for finding in findings if any(name in link.text.partition(":")[0] for link in finding.chain)]


def test_every_advisory_that_objects_show_has_a_case() -> None:
    assert AFFECTED.keys() == {*SEEN_BY, *TRACES}


@pytest.mark.parametrize("name", sorted(AFFECTED))
def test_a_version_that_lacks_the_fix_and_an_object_are_certain(name: str) -> None:
    version, _, _, named = AFFECTED[name]
    [finding] = of_advisory(name, version)
    assert finding.confidence is Confidence.CERTAIN
    assert f"Rancher {version} lacks the fix of {name}" in finding.message
    assert named in {str(ref) for ref in finding.related}


@pytest.mark.parametrize("name", sorted(AFFECTED))
def test_a_version_that_lacks_the_fix_alone_is_possible(name: str) -> None:
    version, *_ = AFFECTED[name]
    [finding] = of_advisory(name, version, shown=False)
    assert finding.confidence is Confidence.POSSIBLE
    assert not finding.related


@pytest.mark.parametrize("name", sorted(AFFECTED))
def test_the_fixed_version_is_not_told(name: str) -> None:
    assert of_advisory(name, "v2.15.0") == []


@pytest.mark.parametrize("name", sorted(AFFECTED.keys() & SEEN_BY.keys()))
@pytest.mark.parametrize(
    ("version", "stand"),
    [
        ("v2.15.0", "has the fix"),
        ("dev", "which version runs is not known"),
    ],
)
def test_what_an_earlier_version_left_is_told_by_the_rule_about_it(name: str, version: str, stand: str) -> None:
    _, managers, tenants, named = AFFECTED[name]
    # Of a note that was learnt after the fix nothing is left.
    managers = managers.replace("2026-06-20", "2026-05-20")
    findings = found(SEEN_BY[name], estate(tenants, rancher(version) + managers))
    named_by = [finding for finding in findings if named in map(str, (finding.object, *finding.related))]
    assert named_by
    assert any(f"{name}: " in link.text and stand in link.text for link in named_by[0].chain)


def test_a_pre_release_of_the_fixed_version_may_lack_the_fix_of_what_is_there() -> None:
    _, managers, tenants, _ = AFFECTED["CVE-2023-32199"]
    [finding] = [
        each
        for each in found(RULE, estate(tenants, rancher("v2.12.3-rc1") + managers))
        if "CVE-2023-32199" in each.message
    ]
    assert "may lack the fix" in finding.message
    assert finding.confidence is Confidence.POSSIBLE
    [left] = found(SEEN_BY["CVE-2023-32199"], estate(tenants, rancher("v2.12.3-rc1") + managers))
    assert left.chain[-1].text.endswith("Rancher v2.12.3-rc1 may lack the fix")


@pytest.mark.parametrize(
    ("name", "managers", "tenants"),
    [
        # The administrator may impersonate anybody anyhow, and the platform's accounts are no people.
        ("CVE-2026-44945", ADMIN + ERIN_ADMIN, AFFECTED["CVE-2026-44945"][2]),
        ("CVE-2026-44945", "", NAMESPACE + IMPERSONATE + crb("a", "actor", "kind: User, name: nobody-known")),
        ("CVE-2026-44945", "", NAMESPACE + IMPERSONATE),
        ("CVE-2026-44945", "", NAMESPACE + IMPERSONATE + IN_SHOP),
        ("CVE-2026-44945", IMPERSONATE + crb("a", "actor", "kind: User, name: u-erin"), NAMESPACE),
        (
            "CVE-2023-22647",
            ADMIN + ERIN_ADMIN.replace("name: grb-erin", "name: g, annotations: {field.cattle.io/creatorId: u-a}"),
            "",
        ),
        ("CVE-2023-22647", thing("GlobalRole", "name: user") + ERIN_ADMIN.replace("admin", "user"), ""),
        ("CVE-2026-44949", AFFECTED["CVE-2026-44949"][1].replace("mallory", "u-erin"), ""),
        ("CVE-2026-44949", AFFECTED["CVE-2026-44949"][1].replace("fleetworkspace-admin-binding-x", "other"), ""),
        ("CVE-2021-25318", AFFECTED["CVE-2021-25318"][1].replace("[apps]", '["*"]'), ""),
        ("CVE-2021-25318", AFFECTED["CVE-2021-25318"][1].replace('["*"]', "[apps]"), ""),
        ("CVE-2021-25318", AFFECTED["CVE-2021-25318"][1].replace("name: rt, namespace", "name: other, namespace"), ""),
        ("GHSA-7m72-mh5r-6j3r", PROJECT + template("rt", PODS) + prtb("b", "rt", "u-erin"), ""),
        ("CVE-2021-25318", AFFECTED["CVE-2021-25318"][1].replace("context: project", "external: true"), ""),
        ("GHSA-7m72-mh5r-6j3r", PROJECT + template("rt", MANAGE), ""),
        ("GHSA-7m72-mh5r-6j3r", PROJECT + template("rt", MANAGE) + ON_CLUSTER, ""),
        ("CVE-2021-36775", PROJECT, AFFECTED["CVE-2021-36775"][2].replace("kind: Group", "kind: User")),
    ],
)
def test_what_is_not_meant_makes_nothing_certain(name: str, managers: str, tenants: str) -> None:
    findings = found(RULE, estate(tenants, rancher(AFFECTED[name][0]) + managers))
    assert not [each.message for each in findings if f"lacks the fix of {name}" in each.message]


def test_who_may_impersonate_some_by_name_is_meant_too() -> None:
    named = IMPERSONATE.replace("verbs: [impersonate]", "verbs: [impersonate], resourceNames: [u-admin]")
    tenants = NAMESPACE + named + crb("actors", "actor", "kind: User, name: u-erin")
    findings = found(RULE, estate(tenants, rancher("v2.13.7") + PROJECT))
    assert [str(ref) for each in findings if "CVE-2026-44945 (" in each.message for ref in each.related] == [
        "ClusterRoleBinding actors"
    ]


def test_a_template_that_writes_what_is_promoted_is_meant_too() -> None:
    nodes = '{apiGroups: [""], resources: [nodes], verbs: [delete]}'
    for builtin, named in (("false", True), ("true", False)):
        text = PROJECT + template("rt", nodes, f"builtin: {builtin}") + prtb("b", "rt", "u-erin")
        findings = found(RULE, estate("", rancher("v2.6.9") + text))
        assert any("GHSA-7m72-mh5r-6j3r" in each.message and each.related for each in findings) is named


@pytest.mark.parametrize("place", ["fleet-default", "fleet-local", "ours"])
def test_bindings_of_strangers_in_a_fleet_workspace_are_meant_whatever_their_name(place: str) -> None:
    stranger = AFFECTED["CVE-2026-44949"][1].replace(
        "fleetworkspace-admin-binding-x, namespace: x", f"b, namespace: {place}"
    )
    text = rancher("v2.13.6") + thing("FleetWorkspace", "name: ours") + stranger
    named = [
        ref for each in found(RULE, estate("", text)) if "CVE-2026-44949 (" in each.message for ref in each.related
    ]
    assert [str(ref) for ref in named] == [f"RoleBinding {place}/b"]


def test_what_was_not_read_shows_nothing() -> None:
    text = rancher("v2.7.2") + AFFECTED["CVE-2023-22651"][1].partition("kind: ValidatingWebhookConfiguration")[0]
    text = text.rpartition("---")[0]
    findings = found(RULE, estate("", text, unread=(ValidatingWebhookConfiguration,)))
    assert [finding.confidence for finding in findings] == [Confidence.POSSIBLE]


def test_a_promoted_role_with_other_rules_than_its_template_gives_is_meant_too() -> None:
    rule = '{{apiGroups: [""], resources: [nodes], verbs: [{}]}}'
    text = rancher("v2.6.9") + PROJECT + template("rt", rule.format("get"), "builtin: true") + prtb("b", "rt", "u-erin")
    for verb, named in (("delete", ["ClusterRole rt-promoted"]), ("get", [])):
        role = thing("ClusterRole", "name: rt-promoted", f"rules: [{rule.format(verb)}]", api=RBAC)
        findings = found(RULE, estate(NAMESPACE + role, text))
        shown = [ref for each in findings if "GHSA-7m72-mh5r-6j3r (" in each.message for ref in each.related]
        assert list(map(str, shown)) == named
