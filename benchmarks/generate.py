"""Writes estates of any size: the tenancy example, and on top of it as many teams as it takes.

Every team is a project with five namespaces and one hundred bindings on the Harvester cluster; what Rancher renders
for it (legacy model) is there under the names that Rancher gives. The same size and seed give the same bytes.
"""

import argparse
from pathlib import Path

import yaml
from lists import RBAC, Estate, Raw
from teams import CHANGE, CLUSTER, INHERITED, MANAGEMENT_PLANE, READ, Team, rendered_name, role_ref, subject

EXAMPLE = Path(__file__).parent.parent / "examples" / "tenancy-legacy"
ADMIN = "user-n5m8x"
BINDINGS_OF_A_TEAM = 100
CLUSTER_ROLES = 437
V1, MANAGEMENT = f"{RBAC}/v1", "management.cattle.io/v3"
KUBEVIRT_ROLES = ("kubevirt.io:admin", "kubevirt.io:edit", "kubevirt.io:view")
# Rules of a project's template that count on the whole cluster (rancher pkg/controllers/managementuser/rbac).
PROMOTED = frozenset(
    {"navlinks", "nodes", "persistentvolumes", "storageclasses", "apiservices", "clusterrepos", "clusters"}
)


def write_people(estate: Estate, team: Team) -> None:
    """Write the users of a team and what Rancher knows of their groups."""
    for index, (user, principal) in enumerate(zip(team.users, team.principals, strict=True)):
        groups = team.groups[index - 1 : index] if index else []
        items = [
            {"metadata": {"name": g}, "displayName": g[26:], "principalType": "group", "provider": "activedirectory"}
            for g in groups
        ]
        human, local = principal.partition("CN=")[2].partition(",")[0], f"local://{user}"
        estate.write(
            "rancher",
            estate.object(MANAGEMENT, "User", user, displayName=human, principalIds=[principal, local], enabled=True),
            estate.object(
                MANAGEMENT,
                "UserAttribute",
                user,
                UserName=user,
                GroupPrincipals={"activedirectory": {"Items": items}},
                LastRefresh="2026-08-20T06:00:00Z",
                NeedsRefresh=False,
            ),
        )


def write_project(estate: Estate, team: Team) -> None:
    """Write a project, its namespaces on both clusters and the roles that Rancher makes for it."""
    home = {"kubernetes.io/metadata.name": team.backing}
    scoped = {"apiGroups": ["management.cattle.io"], "resources": ["projects"], "resourceNames": [team.project]}
    estate.write(
        "rancher",
        estate.object("v1", "Namespace", team.backing, labels=home),
        estate.object(
            MANAGEMENT,
            "Project",
            team.project,
            CLUSTER,
            spec={"clusterName": CLUSTER, "displayName": team.name},
            status={"backingNamespace": team.backing},
        ),
        *(
            estate.object(V1, "Role", f"{team.project}-{suffix}", CLUSTER, rules=[scoped | {"verbs": verbs}])
            for suffix, verbs in (("projectmember", ["get"]), ("projectowner", CHANGE))
        ),
        *(
            estate.object(V1, "Role", role, team.backing, rules=rules, labels={"cattle.io/creator": "norman"})
            for role, rules in MANAGEMENT_PLANE.items()
        ),
        estate.binding(
            "creator-cluster-owner-cluster-owner",
            team.backing,
            role_ref("cluster-owner", "Role"),
            subject("User", ADMIN),
            labels={f"{CLUSTER}_creator-cluster-owner": "crtb-in-project-binding-owner", "cattle.io/creator": "norman"},
        ),
    )
    for namespace in team.namespaces:
        labels = {"field.cattle.io/projectId": team.project, "kubernetes.io/metadata.name": namespace}
        annotations = {"field.cattle.io/projectId": f"{CLUSTER}:{team.project}"}
        estate.write("harvester", estate.object("v1", "Namespace", namespace, labels=labels, annotations=annotations))
    named = {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": team.namespaces}
    for suffix, rules in (
        ("readonly", [named | {"verbs": ["get"]}]),
        ("edit", [scoped | {"verbs": ["manage-namespaces"]}, named | {"verbs": ["*"]}]),
    ):
        name = f"{team.project}-namespaces-{suffix}"
        mark = {"authz.cluster.auth.io/project-namespaces": name}
        estate.write("harvester", estate.object(V1, "ClusterRole", name, annotations=mark, rules=rules))


def write_template_bindings(estate: Estate, team: Team) -> None:
    """Write the role template bindings of a team and what Rancher renders from them: 63 bindings."""
    for name, template, who in team.template_bindings():
        field = "userName" if who["kind"] == "User" else "groupPrincipalName"
        named = {field: who["name"]}
        if who["kind"] == "User":
            named["userPrincipalName"] = team.principals[team.users.index(who["name"])]
        binding = estate.object(
            MANAGEMENT,
            "ProjectRoleTemplateBinding",
            name,
            team.backing,
            labels={"cattle.io/creator": "norman"},
            projectName=f"{CLUSTER}:{team.project}",
            roleTemplateName=template,
            **named,
        )
        estate.write("rancher", binding)
        _render(estate, team, binding, who)
        _render_membership(estate, team, binding, who)


def _render(estate: Estate, team: Team, binding: Raw, who: Raw) -> None:
    template, key = binding["roleTemplateName"], f"{team.backing}_{binding['metadata']['name']}"
    for namespace in team.namespaces:
        for role in (role_ref(template), role_ref(INHERITED[template])):
            label = {"authz.cluster.cattle.io/rtb-owner-updated": key}
            name = rendered_name(namespace, role, who)
            estate.write("harvester", estate.binding(name, namespace, role, who, labels=label))
    reads = template == "read-only"
    wide = [f"{team.project}-namespaces-readonly"] if reads else [f"{team.project}-namespaces-edit", "create-ns"]
    for role in map(role_ref, [f"{template}-promoted", *wide]):
        label = {key: "owner-user"}
        estate.write("harvester", estate.binding(rendered_name("", role, who), "", role, who, labels=label))


def _render_membership(estate: Estate, team: Team, binding: Raw, who: Raw) -> None:
    template, name = binding["roleTemplateName"], binding["metadata"]["name"]
    labels = {f"{team.backing}_{name}": "membership-binding-owner", "cattle.io/creator": "norman"}
    member = "projectowner" if template == "project-owner" else "projectmember"
    cluster, project = role_ref(f"{CLUSTER}-clustermember"), role_ref(f"{team.project}-{member}", "Role")
    estate.write(
        "rancher",
        estate.binding(rendered_name("", cluster, who), "", cluster, who, labels=labels),
        estate.binding(rendered_name(CLUSTER, project, who), CLUSTER, project, who, labels=labels),
    )
    kind, uid = binding["kind"], binding["metadata"]["uid"]
    owners = [{"apiVersion": MANAGEMENT, "kind": kind, "name": name, "uid": uid}]
    for role in (template, INHERITED[template]):
        if role in MANAGEMENT_PLANE:
            reference, norman = role_ref(role, "Role"), {"cattle.io/creator": "norman"}
            made = estate.binding(f"{name}-{role}", team.backing, reference, who, labels=norman, ownerReferences=owners)
            estate.write("rancher", made)


def write_own(estate: Estate, team: Team) -> None:
    """Write what the team made itself besides bindings: 10 Roles and 20 ServiceAccounts."""
    for namespace in team.namespaces:
        for account in ("default", "builder", "deployer", "metrics"):
            estate.write("harvester", estate.object("v1", "ServiceAccount", account, namespace))
        for role, verbs in (("config-reader", READ), ("config-writer", CHANGE)):
            rules = [{"apiGroups": ["", "apps"], "resources": ["configmaps", "deployments"], "verbs": verbs}]
            estate.write("harvester", estate.object(V1, "Role", role, namespace, rules=rules))


def write_own_bindings(estate: Estate, team: Team, neighbour: Team) -> None:
    """Write 37 bindings that Rancher knows nothing of: four to KubeVirt's roles alone, two on the whole cluster."""
    choose = estate.random.choice
    own_roles = [f"tool-{number:03}" for number in range(20)]
    for number in range(4):
        stranger = choose([subject("User", neighbour.users[0]), subject("Group", neighbour.groups[0])])
        role = role_ref(choose(KUBEVIRT_ROLES))
        estate.write("harvester", estate.binding(f"vms-{number}", choose(team.namespaces), role, stranger))
    for number in range(31):
        namespace = choose(team.namespaces)
        kind, name = choose(
            [
                ("Role", "config-reader"),
                ("Role", "config-writer"),
                ("ClusterRole", "view"),
                ("ClusterRole", "edit"),
                ("ClusterRole", choose(own_roles)),
            ]
        )
        account: Raw = {
            "kind": "ServiceAccount",
            "name": choose(("builder", "deployer", "metrics")),
            "namespace": namespace,
        }
        others = [account, subject("User", choose(team.users)), subject("Group", choose(team.groups))]
        subjects = estate.random.sample(others, choose((1, 1, 1, 2)))
        estate.write("harvester", estate.binding(f"own-{number}", namespace, role_ref(name, kind), *subjects))
    for number in range(2):
        account = {"kind": "ServiceAccount", "name": "metrics", "namespace": choose(team.namespaces)}
        unique = f"{team.name}-metrics-{number}"
        estate.write("harvester", estate.binding(unique, "", role_ref(choose(own_roles)), account))


def write_example(estate: Estate) -> None:
    """Write the tenancy example, and ClusterRoles until there are 437 (those of the teams' projects come on top)."""
    templates: list[Raw] = []
    for path in sorted(EXAMPLE.glob("*/*.yaml")):
        for item in yaml.load_all(path.read_text("utf-8"), yaml.CSafeLoader):
            estate.write(path.parent.name, item)
            if item["kind"] == "RoleTemplate" and item["metadata"]["name"] == "project-member":
                templates.append(item)
    (member,) = templates
    promoted = [rule for rule in member["rules"] if PROMOTED.intersection(rule["resources"])]
    for name, rules in (("project-member", member["rules"]), ("project-member-promoted", promoted)):
        estate.write("harvester", estate.object(V1, "ClusterRole", name, rules=rules))
    written = estate.counts["harvester", f"clusterroles.{RBAC}.json"]
    for number in range(CLUSTER_ROLES - written):
        groups = [f"tools-{number:03}.example.com"]
        rules = [
            {"apiGroups": groups, "resources": [f"things{n}"], "verbs": READ if n % 2 else CHANGE} for n in range(6)
        ]
        estate.write("harvester", estate.object(V1, "ClusterRole", f"tool-{number:03}", rules=rules))


def generate(folder: Path, bindings: int, seed: int) -> Estate:
    """Write an estate with that many bindings besides those of the example; a multiple of one hundred."""
    estate = Estate(folder, seed)
    write_example(estate)
    teams = bindings // BINDINGS_OF_A_TEAM
    for number in range(teams):
        team, neighbour = Team(number), Team((number + 1) % teams)
        write_people(estate, team)
        write_project(estate, team)
        write_template_bindings(estate, team)
        write_own(estate, team)
        write_own_bindings(estate, team, neighbour)
    estate.close()
    return estate


def main() -> None:
    """Read the arguments, write the estate, say what was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bindings", type=int, help="how many, a multiple of 100")
    parser.add_argument("folder", type=Path, help="where to; gets the folders rancher and harvester")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another choice of subjects and roles")
    arguments = parser.parse_args()
    if arguments.bindings < BINDINGS_OF_A_TEAM or arguments.bindings % BINDINGS_OF_A_TEAM:
        parser.error("bindings: must be a multiple of 100, and at least 100")
    estate = generate(arguments.folder, arguments.bindings, arguments.seed)
    for (cluster, file), count in sorted(estate.counts.items()):
        print(f"{count:>9}  {cluster}/{file}")


if __name__ == "__main__":
    main()
