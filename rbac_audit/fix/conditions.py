"""What a conversion relies on: everything that, if it changed, would make the plan another one."""

from collections.abc import Iterable, Iterator

from rbac_audit.access import Binding
from rbac_audit.audit.estate import View
from rbac_audit.fix.objects import relied_on, touched
from rbac_audit.fix.offers import Offer
from rbac_audit.fix.plan import Precondition
from rbac_audit.rancher.bindings import Owner
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.projects import ProjectInfo
from rbac_audit.snapshot.objects import Feature, Kind, KubernetesObject, Namespace, Project, Subject, User

FEATURE = "aggregated-roletemplates"


class Conditions:
    """Objects of one cluster and its Rancher by name."""

    def __init__(self, view: View, rancher: Rancher) -> None:
        """Keep both; what is looked up is indexed when it is first asked for."""
        self._view, self._rancher = view, rancher
        self._index: dict[Kind, dict[tuple[str, str], KubernetesObject]] = {}

    def of(
        self, project: ProjectInfo, bindings: Iterable[Binding], moved: Iterable[tuple[Subject, Offer | None]]
    ) -> Iterator[Precondition]:
        """List what a step needs to be as in the snapshot; the bindings exactly so."""
        here, there = self._view.name, self._rancher.cluster.name
        bindings = tuple(bindings)
        for binding in bindings:
            yield touched(binding.source, here)
        for role in sorted({binding.role for binding in bindings}):
            yield relied_on(self._view.access.roles[role], here)
        for name in project.namespaces:
            yield relied_on(self._of(self._view, Namespace, "", name), here)
        short = project.id.partition(":")[2]
        yield relied_on(self._of(self._rancher, Project, self._view.rancher_id, short), there)
        yield relied_on(self._of(self._rancher, Feature, "", FEATURE), there)
        for subject, offer in moved:
            if subject.kind == "User":
                yield relied_on(self._of(self._rancher, User, "", subject.name), there)
            if offer:
                yield from self._of_offer(offer)

    def kept(self, bindings: Iterable[Binding], owners: Iterable[Owner]) -> Iterator[Precondition]:
        """List what lets somebody keep rights: bindings of Rancher, their roles, and what Rancher makes them from."""
        for binding in bindings:
            yield relied_on(binding.source, self._view.name)
            if binding.role in self._view.access.roles:
                yield relied_on(self._view.access.roles[binding.role], self._view.name)
        for owner in owners:
            yield relied_on(owner.source, self._rancher.cluster.name)

    def _of_offer(self, offer: Offer) -> Iterator[Precondition]:
        for template in offer.closure:
            if template.name in self._rancher.templates.by_name:
                yield relied_on(template, self._rancher.cluster.name)
            role = self._view.access.roles.get(("", template.name))
            if template.external and role is not None:
                yield relied_on(role, self._view.name)

    def _of(self, side: View | Rancher, kind: Kind, namespace: str, name: str) -> KubernetesObject:
        if kind not in self._index:
            self._index[kind] = {(item.namespace, item.name): item for item in side.cluster.of(kind)}
        return self._index[kind][namespace, name]
