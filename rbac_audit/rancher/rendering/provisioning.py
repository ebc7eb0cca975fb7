"""What bindings make for the objects a cluster is provisioned by, and for its registration token.

Source: rancher pkg/controllers/management/authprovisioningv2/{cluster,crtb,prtb}.go and
pkg/controllers/management/auth/{crtb_handler.go,roletemplates/crtb_handler.go} (crt-token-reader).
"""

from rbac_audit.access.permission import Permission
from rbac_audit.rancher import naming
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.rendering.membership import CREATOR
from rbac_audit.rancher.rendering.rules import on_management_plane
from rbac_audit.rancher.rendering.sheet import Presence, binding_to_role, role
from rbac_audit.rancher.rendering.world import World
from rbac_audit.rancher.templates import grants
from rbac_audit.snapshot.objects import PolicyRule, ProvisioningCluster, Subject

_TOKEN_READER = "crt-token-reader"  # noqa: S105  # the name of a Role
_TOKENS = tuple(
    Permission(verb, "management.cattle.io", "clusterregistrationtokens") for verb in ("get", "list", "watch", "create")
)
_CLUSTERS = "provisioning.cattle.io"
MANAGEMENT_MARK = "management.cattle.io/roletemplate-aggregation-mgmt"
_OWNER = "authz.cluster.cattle.io/{}-owner"


def view_roles(world: World) -> None:
    """Let members see the object that their cluster is provisioned by.

    Rancher's provisioning may not have come to it, or not run: nothing of this has to be there.
    """
    for cluster in world.rancher.cluster.of(ProvisioningCluster):
        rule = PolicyRule(
            verbs=("get",), api_groups=(_CLUSTERS,), resources=("clusters",), resource_names=(cluster.name,)
        )
        made = role(_view(cluster), cluster.namespace, (rule,), owner=cluster)
        world.sheet.add(made, Presence.FLAPPING)


def _view(cluster: ProvisioningCluster) -> str:
    return naming.safe_concat("r-cluster", cluster.name, "view")


def provisioning_side(world: World, item: TemplateBinding, subject: Subject) -> None:
    """Write what one binding makes there; cluster templates with a right on the object itself see it by that."""
    for cluster in world.provisioning.get(item.cluster, ()):
        source, hashed = item.source, naming.subject_hash(subject)
        if item.project:
            name, bound = naming.safe_concat(_view(cluster), source.namespace, source.name, hashed), _view(cluster)
        elif _sees_by_template(world, item):
            name = naming.safe_concat("crt", cluster.name, source.name, hashed)
            bound = naming.safe_concat("crt", cluster.name, item.template)
        else:
            name, bound = naming.safe_concat(_view(cluster), source.name, hashed), _view(cluster)
        labels = {_OWNER.format("prtb" if item.project else "crtb"): source.name}
        made = binding_to_role(cluster.namespace, bound, subject, name=name, labels=labels)
        world.sheet.add(made, Presence.FLAPPING)


def _sees_by_template(world: World, item: TemplateBinding) -> bool:
    rules = (rule for template in world.closure(item) for rule in world.local.rules_of(template))
    whole = (rule for rule in rules if not rule.resource_names and not rule.non_resource_urls)
    return bool(on_management_plane(whole, ((_CLUSTERS, "clusters"),)))


def token_reader(world: World, item: TemplateBinding, subject: Subject) -> None:
    """Let who may read a cluster's registration tokens read the Secrets that hold them.

    Where the Role is missing, Rancher deletes the binding and makes it again for ever.
    """
    rules = [rule for template in world.closure(item) for rule in world.local.rules_of(template)]
    if item.project or not any(grants(rules, permission) for permission in _TOKENS):
        return
    name = naming.role_binding_name(item.cluster, "Role", _TOKEN_READER, subject.kind, subject.name)
    owner = None if world.aggregated else item.source
    labels = (
        {naming.crtb_owner_label(item.source.name): "true", MANAGEMENT_MARK: "true"} if world.aggregated else CREATOR
    )
    made = binding_to_role(item.cluster, _TOKEN_READER, subject, name=name, labels=labels, owner=owner)
    world.sheet.add(made, Presence.FLAPPING)
