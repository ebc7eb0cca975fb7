"""Fixes that take something away: bindings and subjects that should not be, and labels that somebody copied.

Source for the label: kubevirt pkg/virt-operator/resource/apply/reconcile.go (deleteObjectsNotInInstallStrategy).
"""

from collections.abc import Iterable, Iterator

import msgspec

from rbac_audit.access import Binding, Permission
from rbac_audit.access.escalation import breakdown
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Finding, Safety
from rbac_audit.fix.draft import Draft
from rbac_audit.fix.holdings import Holdings
from rbac_audit.fix.objects import manifest, plain, target, touched
from rbac_audit.fix.plan import Change, Creation, Difference, Edits, Effect, Refusal
from rbac_audit.fix.refusals import Why, owned_by
from rbac_audit.fix.rights import in_words, takes_effect
from rbac_audit.harvester.platform import is_platform
from rbac_audit.harvester.survival import MANAGED_BY, OPERATORS
from rbac_audit.rancher.ownership import Claim
from rbac_audit.snapshot.objects import ClusterRole, KubernetesObject, ObjectRef, Role, Subject

REMOVED = (
    "dangling-role-ref",
    "missing-service-account",
    "orphaned-rancher-binding",
    "public-namespace-extra-binding",
    "public-namespace-write",
    "unknown-subject",
)
RELABELLED = "operator-label-copied"
_ADMINISTER = Permission("create", "rbac.authorization.k8s.io", "rolebindings")
_IN_RANCHER = Why("Rancher makes it", "delete or change the role template binding in Rancher")


class Remover:
    """Plans what findings want taken away from one cluster."""

    def __init__(self, view: View) -> None:
        """Index the bindings of the cluster."""
        self._view = view
        self._holdings = Holdings(view.access)
        self._bindings = {item.source.ref(view.name): item for item in view.access.bindings}
        roles = (item for kind in (ClusterRole, Role) for item in view.cluster.of(kind))
        self._roles: dict[ObjectRef, KubernetesObject] = {item.ref(view.name): item for item in roles}

    def plan(self, findings: Iterable[Finding]) -> Iterator[Draft | Refusal]:
        """Plan each object once, with all findings about it."""
        wanted: dict[ObjectRef, list[Finding]] = {}
        for finding in findings:
            if finding.rule == RELABELLED or finding.rule in REMOVED:
                wanted.setdefault(finding.object, []).append(finding)
        for ref, found in wanted.items():
            removals = [finding for finding in found if finding.rule in REMOVED]
            yield self._remove(ref, removals) if removals else self._relabel(ref)

    def _remove(self, ref: ObjectRef, findings: list[Finding]) -> Draft | Refusal:
        binding = self._bindings.get(ref)
        if binding is None:
            manual = findings[0].fix.text
            return Refusal(object=str(ref), reason="it is no binding of this cluster", manual=manual)
        gone = {str(subject) for finding in findings for subject in finding.subjects}
        leaving = tuple(item for item in binding.subjects if _placed(item, binding) in gone) or binding.subjects
        if why := self._refused(binding, leaving):
            return Refusal(object=str(binding.source), reason=why.reason, manual=why.manual)
        return self._draft(binding, leaving, findings)

    def _refused(self, binding: Binding, leaving: tuple[Subject, ...]) -> Why | None:
        metadata = binding.source.metadata
        if self._view.ownership[binding].claim is Claim.HOLDS:
            return _IN_RANCHER
        if mark := owned_by(metadata):
            return Why(f"it is written from elsewhere ({mark}) and would come back", "change it where it comes from")
        if self._view.baseline.ships_binding(binding.source):
            return Why("a part of the platform ships it", "leave it: it is restored at the next start or upgrade")
        if metadata.deletion_timestamp or metadata.finalizers:
            return Why("it is being deleted or has a finalizer", "see who holds it, then plan again")
        if self._is_last_administrator(binding, leaving):
            where = binding.namespace or "the cluster"
            reason = f"nobody else whom Rancher or a person put there administers {where}"
            return Why(reason, "make somebody else an administrator first, then plan again")
        return None

    def _is_last_administrator(self, binding: Binding, leaving: tuple[Subject, ...]) -> bool:
        if self._view.access.first_allowing(binding.role, _ADMINISTER) is None:
            return False
        others = (
            (grant.binding, subject)
            for grant in self._view.access.holders(_ADMINISTER)
            if grant.binding and grant.binding.namespace in {"", binding.namespace}
            for subject in grant.binding.subjects
            if not (grant.binding is binding and subject in leaving)
        )
        return not any(item.kind != "ServiceAccount" and not is_platform(item) for _, item in others)

    def _draft(self, binding: Binding, leaving: tuple[Subject, ...], findings: list[Finding]) -> Draft:
        name, place = self._view.name, target(binding.source, self._view.name)
        rest = [item for item in binding.subjects if item not in leaving]
        if rest:
            do = Edits(changes=(Change(target=place, fields=_subjects(rest)),))
            undo = Edits(changes=(Change(target=place, fields=_subjects(binding.subjects)),))
        else:
            do = Edits(deletes=(place,))
            undo = Edits(creates=(Creation(cluster=name, manifest=manifest(binding.source)),))
        who = ", ".join(map(str, leaving[:3])) + (f" and {len(leaving) - 3} more" if len(leaving) > 3 else "")
        return Draft(
            action="restrict" if rest else "remove",
            title=f"take {who} out of {binding.source}" if rest else f"delete {binding.source} ({who or 'nobody'})",
            sources=(binding.source.ref(name),),
            decisions=_decisions(findings),
            effects=tuple(self._effect(binding, subject) for subject in leaving),
            do=do,
            undo=undo,
            preconditions=(touched(binding.source, name),),
        )

    def _effect(self, binding: Binding, subject: Subject) -> Effect:
        rest = self._holdings.held(subject, binding.namespace, frozenset((binding,)))
        atoms = (atom for rule in self._view.access.rules(binding.role) for atom in breakdown(rule))
        counting = (atom for atom in atoms if not binding.namespace or takes_effect(atom))
        lost = self._holdings.cover(rest).uncovered(dict.fromkeys(counting))
        reach = "namespace" if binding.namespace else "cluster"
        words = Difference(reach=reach, cluster=self._view.name, namespaces=(binding.namespace,), rights=in_words(lost))
        name = self._view.display_name(subject)
        return Effect(subject=_placed(subject, binding), display_name=name, lost=(words,) if lost else ())

    def _relabel(self, ref: ObjectRef) -> Draft | Refusal:
        binding = self._bindings.get(ref)
        item = binding.source if binding else self._roles.get(ref)
        if item is None:
            return Refusal(object=str(ref), reason="it is not on this cluster", manual="see the finding")
        value = item.metadata.labels.get(MANAGED_BY, "")
        if value not in OPERATORS or (mark := owned_by(item.metadata)):
            reason = f"it is written from elsewhere ({mark}) and the label would come back"
            return Refusal(object=str(item), reason=reason, manual="take the label off where it comes from")
        place = target(item, self._view.name)
        return Draft(
            action="relabel",
            title=f"take label {MANAGED_BY}={value} off {item}",
            sources=(ref,),
            do=Edits(changes=(Change(target=place, labels={MANAGED_BY: None}),)),
            undo=Edits(changes=(Change(target=place, labels={MANAGED_BY: value}),)),
            preconditions=(touched(item, self._view.name),),
        )


def _placed(subject: Subject, binding: Binding) -> str:
    if subject.kind == "ServiceAccount" and not subject.namespace:
        return str(msgspec.structs.replace(subject, namespace=binding.namespace))
    return str(subject)


def _subjects(subjects: Iterable[Subject]) -> dict[str, object]:
    return {"subjects": [plain(item) for item in subjects]}


def _decisions(findings: Iterable[Finding]) -> tuple[str, ...]:
    asked = (item for item in findings if item.fix.safety is not Safety.SAFE)
    return tuple(dict.fromkeys(f"rule {item.rule}: {item.fix.text}" for item in asked))
