"""What is left when Rancher's own bindings are taken away: who made one, who keeps it, and whether it is in force.

Source: rancher pkg/controllers/dashboard and norman (creatorId), Helm, Argo CD, Flux and Fleet for their marks; rancher
pkg/k8slookup/lookup.go for who gets through Rancher's proxy to a cluster at all.
"""

from functools import cached_property

from rbac_audit.access.permission import Permission
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.templates import grants
from rbac_audit.snapshot.objects import Metadata, Subject

CREATOR = "field.cattle.io/creatorId"
_KEEPERS = (
    ("meta.helm.sh/release-name", "Helm release"),
    ("argocd.argoproj.io/tracking-id", "Argo CD application"),
    ("argocd.argoproj.io/instance", "Argo CD application"),
    ("kustomize.toolkit.fluxcd.io/name", "Flux kustomization"),
    ("helm.toolkit.fluxcd.io/name", "Flux release"),
    ("fleet.cattle.io/bundle-id", "Fleet bundle"),
    ("objectset.rio.cattle.io/id", "objects of controller"),
)
_SEE_CLUSTER = Permission("get", "management.cattle.io", "clusters")


def keeper_of(metadata: Metadata) -> str:
    """Name what keeps an object in its state, so that a change has to be made there; "" for nothing that says so."""
    marks = {**metadata.labels, **metadata.annotations}
    found = next((f"{kind} {marks[key]}" for key, kind in _KEEPERS if key in marks), "")
    if not found and metadata.labels.get("app.kubernetes.io/managed-by") == "Helm":
        return "Helm"
    return found


class RawBindings:
    """What one Rancher knows of the makers and subjects of raw bindings on one of its clusters."""

    def __init__(self, rancher: Rancher, rancher_id: str) -> None:
        """Look at one cluster."""
        self._rancher, self._id = rancher, rancher_id

    def maker_of(self, metadata: Metadata) -> str:
        """Say who made an object, as far as Rancher wrote it down; "" where nobody did."""
        creator = metadata.annotations.get(CREATOR, "")
        person = self._rancher.people.find(creator)
        if creator:
            return f"{person.display_name} ({creator})" if person else f"{creator}, whom Rancher does not know any more"
        norman = metadata.labels.get("cattle.io/creator") == "norman"
        return "somebody in Rancher's interface" if norman else ""

    def is_live(self, subject: Subject) -> bool:
        """Tell whether a subject gets to the cluster through Rancher, so that its raw bindings count at once.

        For anybody else they are latent: they count with a kubeconfig of the cluster itself, and from the day on which
        the subject becomes a member of any project. A group is in force when it, or someone in it, is a member.
        """
        if subject.kind == "ServiceAccount":
            return True
        people = self._rancher.people
        if subject.kind == "User":
            person = people.find(subject.name)
            groups = person.groups if person else ()
            return f"User:{subject.name}" in self._members or any(f"Group:{name}" in self._members for name in groups)
        inside = (f"User:{person.user}" for person in people.members(subject.name))
        return f"Group:{subject.name}" in self._members or any(name in self._members for name in inside)

    @cached_property
    def _members(self) -> frozenset[str]:
        own = {str(item.subject) for item in self._rancher.bindings if item.cluster == self._id}
        wide = {
            str(item.subject)
            for item in self._rancher.globals
            if item.role and (item.role.inherited_cluster_roles or grants(item.role.rules, _SEE_CLUSTER))
        }
        return frozenset(own | wide)
