"""Fixes that take something away: bindings and subjects that should not be, and labels that somebody copied.

Source for the label: kubevirt pkg/virt-operator/resource/apply/reconcile.go (deleteObjectsNotInInstallStrategy).
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from rbac_audit.access import Authorizer, Binding
from rbac_audit.access.escalation import breakdown
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Finding, Safety
from rbac_audit.fix.draft import Draft
from rbac_audit.fix.effects import ADMINISTER, access_after, is_person
from rbac_audit.fix.holdings import Holdings, Key
from rbac_audit.fix.objects import manifest, plain, target, touched
from rbac_audit.fix.plan import Change, Creation, Difference, Edits, Effect, Refusal
from rbac_audit.fix.refusals import Why, owned_by
from rbac_audit.fix.rights import in_words, takes_effect
from rbac_audit.harvester.survival import MANAGED_BY, OPERATORS
from rbac_audit.rancher.marks import IMPERSONATION
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
ORPHANED = "orphaned-rancher-binding"
RELABELLED = "operator-label-copied"
DOUBLED = "both-models-present"
ABOUT_RELATED = (DOUBLED, "leftover-cluster-admin-agent", ORPHANED)
"""The rules whose findings are about the related objects as well."""
_IN_RANCHER = Why("Rancher makes it", "delete or change the role template binding in Rancher")


class Remover:
    """Plans what findings want taken away from one cluster."""

    def __init__(self, view: View, others: Sequence[Edits] = ()) -> None:
        """Index the bindings of the cluster; `others` is what steps of this plan do that may be done before or not."""
        self._view = view
        self._states = [Holdings(view.access), *([Holdings(access_after(view, others))] if others else [])]
        self._going: dict[str, set[Key]] = {}
        self._bindings = {item.source.ref(view.name): item for item in view.access.bindings}
        roles = (item for kind in (ClusterRole, Role) for item in view.cluster.of(kind))
        self._roles: dict[ObjectRef, KubernetesObject] = {item.ref(view.name): item for item in roles}

    def plan(self, findings: Iterable[Finding]) -> Iterator[Draft | Refusal]:
        """Plan each object once, with all findings about it: bindings that go first, as the steps are done."""
        wanted: dict[ObjectRef, list[Finding]] = {}
        labelled: dict[ObjectRef, None] = {}
        for finding in findings:
            if finding.rule == RELABELLED:
                labelled[finding.object] = None
            elif finding.rule in (*REMOVED, DOUBLED) and not is_left_over(finding):
                for ref in finding.related if finding.rule == DOUBLED else (finding.object,):
                    wanted.setdefault(ref, []).append(finding)
        yield from (self._relabel(ref) for ref in labelled if ref not in wanted)
        known = {ref: self._bindings[ref] for ref in wanted if ref in self._bindings}
        leaving = {ref: _leaving(binding, wanted[ref]) for ref, binding in known.items()}
        for ref in sorted(wanted, key=lambda ref: (ref in leaving and leaving[ref] != known[ref].subjects, str(ref))):
            if ref in known:
                yield self._remove(known[ref], leaving[ref], wanted[ref])
            else:
                manual = wanted[ref][0].fix.text
                yield Refusal(object=str(ref), reason="it is no binding of this cluster", manual=manual)

    def _remove(self, binding: Binding, leaving: tuple[Subject, ...], findings: list[Finding]) -> Draft | Refusal:
        doubled = all(finding.rule == DOUBLED for finding in findings)
        if why := self._refused(binding, leaving, doubled=doubled):
            return Refusal(object=str(binding.source), reason=why.reason, manual=why.manual)
        draft = self._draft(binding, leaving, findings)
        if doubled and any(effect.lost for effect in draft.effects):
            reason = "what Rancher's present model should give instead is not there, so access would be lost"
            manual = "restart Rancher, see that rule rendered-but-missing is silent, then collect and plan again"
            return Refusal(object=str(binding.source), reason=reason, manual=manual)
        for subject in leaving:
            self._going.setdefault(_placed(subject, binding), set()).add(binding.source.key)
        return draft

    def _refused(self, binding: Binding, leaving: tuple[Subject, ...], *, doubled: bool) -> Why | None:
        metadata = binding.source.metadata
        verdict = self._view.ownership[binding]
        if verdict.claim is Claim.HOLDS and not (doubled and verdict.other_model):
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
        if self._view.access.first_allowing(binding.role, ADMINISTER) is None:
            return False
        others = (self._administrators(state.access, binding, leaving) for state in self._states)
        return not all(any(map(is_person, subjects)) for subjects in others)

    def _administrators(self, access: Authorizer, binding: Binding, leaving: tuple[Subject, ...]) -> Iterator[Subject]:
        """Find who else administers where a binding is, but for those of whom another step takes it."""
        for grant in access.holders(ADMINISTER):
            if (other := grant.binding) is None or other.namespace not in {"", binding.namespace}:
                continue
            for subject in other.subjects:
                mine = other.source.key == binding.source.key and subject in leaving
                if not mine and other.source.key not in self._going.get(_placed(subject, other), ()):
                    yield subject

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
        going = {binding.source.key, *self._going.get(_placed(subject, binding), ())}
        atoms = (atom for rule in self._view.access.rules(binding.role) for atom in breakdown(rule))
        counting = dict.fromkeys(atom for atom in atoms if not binding.namespace or takes_effect(atom))
        left = [state.cover(state.held(subject, binding.namespace, going)) for state in self._states]
        lost = dict.fromkeys(atom for cover in left for atom in cover.uncovered(counting))
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


def is_left_over(finding: Finding) -> bool:
    """Tell whether a finding is about what Rancher left besides bindings: roles, and accounts with all their own."""
    left = finding.object.kind not in {"RoleBinding", "ClusterRoleBinding"}
    return finding.rule == ORPHANED and (left or finding.object.name.startswith(IMPERSONATION))


def _leaving(binding: Binding, findings: Iterable[Finding]) -> tuple[Subject, ...]:
    gone = {str(subject) for finding in findings for subject in finding.subjects}
    return tuple(item for item in binding.subjects if _placed(item, binding) in gone) or binding.subjects


def _placed(subject: Subject, binding: Binding) -> str:
    if subject.kind == "ServiceAccount" and not subject.namespace:
        return str(msgspec.structs.replace(subject, namespace=binding.namespace))
    return str(subject)


def _subjects(subjects: Iterable[Subject]) -> dict[str, object]:
    return {"subjects": [plain(item) for item in subjects]}


def _decisions(findings: Iterable[Finding]) -> tuple[str, ...]:
    asked = (item for item in findings if item.fix.safety is not Safety.SAFE)
    return tuple(dict.fromkeys(f"rule {item.rule}: {item.fix.text}" for item in asked))
