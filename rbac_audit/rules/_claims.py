"""Claims to be Rancher's that failed, seen against every Rancher that may have made the binding.

A Harvester cluster has two: the one that manages it, and its embedded one, for which it is the cluster `local`
(harvester pkg/controller/master/rancher; rancher makes `globaladmin-*` and impersonation accounts on `local` too).
"""

from collections.abc import Iterator

import msgspec

from rbac_audit.access import Binding
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.ownership import Claim, Claims, Ownership
from rbac_audit.rancher.people import People
from rbac_audit.rancher.prediction import Prediction
from rbac_audit.rancher.projects import PROJECT_ID
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    GlobalRoleBinding,
    Namespace,
    ProjectRoleTemplateBinding,
    User,
)


class Failed(msgspec.Struct, frozen=True, eq=False):
    """A binding whose claim failed; `doubt` says who may have made it nevertheless, "" for nobody."""

    binding: Binding
    verdict: Ownership
    doubt: str

    @property
    def confidence(self) -> Confidence:
        """`possible` where another Rancher, which was not read, may have made it."""
        return Confidence.POSSIBLE if self.doubt else Confidence.CERTAIN


def failed(view: View, claim: Claim) -> Iterator[Failed]:
    """Find the bindings of one verdict that the cluster's embedded Rancher does not make either."""
    embedded = embedded_claims(view)
    doubt = doubt_of(view)
    for binding, verdict in view.ownership.items():
        if verdict.claim is claim and not (embedded and embedded.judge(binding.source).claim is Claim.HOLDS):
            sure = claim is Claim.FORGED or _speaks_of_managing_rancher(view, binding)
            yield Failed(binding, verdict, "" if sure else doubt)


def doubt_of(view: View) -> str:
    """Name the Rancher that may have made things on this cluster and was not read; "" for none."""
    if view.rancher is not None and view.rancher.cluster is view.cluster:
        # The namespaces of a cluster that shows its own Rancher name the managing one, if there is one.
        projects = (item.metadata.annotations.get(PROJECT_ID, "") for item in view.cluster.of(Namespace))
        named = {project.partition(":")[0] for project in projects if ":" in project}
        unknown = sorted(named - view.rancher.clusters.keys() - {"local"})
        return (
            f"unless it is of the Rancher that calls this cluster {unknown[0]}, which was not read" if unknown else ""
        )
    if view.is_harvester and not view.cluster.has(User, GlobalRoleBinding, ProjectRoleTemplateBinding):
        return "unless it is of Harvester's embedded Rancher, whose objects were not read"
    return ""


def gives_roles(view: View) -> bool:
    """Tell whether a Rancher may give roles: the one that is embedded in Harvester has users and gives them none."""
    kinds = (ProjectRoleTemplateBinding, ClusterRoleTemplateBinding)
    return any(view.cluster.of(kind) or not view.cluster.whole(kind) for kind in kinds)


def own_rancher(view: View) -> Rancher | None:
    """The Rancher whose objects the cluster itself holds: the embedded one on a Harvester cluster."""
    if view.rancher is not None and view.rancher.cluster is view.cluster:
        return view.rancher
    return Rancher(view.cluster) if view.cluster.has(User) else None


def known_people(view: View) -> tuple[People, ...]:
    """The users of the managing Rancher and those of the embedded one."""
    own = own_rancher(view)
    return (view.people, own.people) if own is not None and own is not view.rancher else (view.people,)


def embedded_claims(view: View) -> Claims | None:
    """What the cluster's embedded Rancher renders on it; None where another one does not manage it as well."""
    own = own_rancher(view)
    return None if own is None or own is view.rancher else Claims(Prediction(own, {"local": view.cluster}), "local")


def _speaks_of_managing_rancher(view: View, binding: Binding) -> bool:
    """An embedded Rancher has users of its own and only the cluster `local`; ids of others begin with `c-`."""
    if view.rancher is None or view.rancher.cluster is view.cluster:
        return False
    project = view.projects.find(f"{view.rancher_id}:{binding.role_ref.name.partition('-namespaces-')[0]}")
    labelled = any(value.startswith("c-") for value in binding.source.metadata.labels.values())
    known = any(subject.kind == "User" and view.people.find(subject.name) for subject in binding.subjects)
    return project is not None or labelled or known
