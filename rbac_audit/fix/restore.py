"""Shipped RBAC objects that somebody edited or deleted, set back to what the installed version ships."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from rbac_audit.access.bindings import RoleKey
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Finding
from rbac_audit.fix.draft import Draft
from rbac_audit.fix.effects import access_after, consequence, following
from rbac_audit.fix.objects import manifest, plain, relied_on, target, touched
from rbac_audit.fix.plan import Change, Creation, Edits, Precondition, Refusal
from rbac_audit.fix.refusals import BUILT_IN, Why, in_repository
from rbac_audit.harvester.baseline import Content, RbacObject, content_of
from rbac_audit.harvester.resets import resets
from rbac_audit.harvester.shipped import Variant
from rbac_audit.harvester.shipped.content import AGGREGATE_TO, AnyBinding, role_key, shipped_content
from rbac_audit.harvester.shipped.objects import shipped_object
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    HarvesterSetting,
    KubernetesObject,
    KubeVirt,
    ManagedChart,
    Metadata,
    ObjectRef,
    RancherSetting,
    Role,
    RoleBinding,
    RoleTemplate,
)

RESTORED = (
    "aggregation-changed",
    "operator-binding-subject-added",
    "public-namespace-default-binding",
    "shipped-role-edited",
)
_KINDS: tuple[type[RbacObject], ...] = (ClusterRole, Role, ClusterRoleBinding, RoleBinding)
# What the versions of a cluster are read from (View.versions).
_STATED: tuple[tuple[type[KubernetesObject], str], ...] = (
    (HarvesterSetting, "server-version"),
    (ManagedChart, "harvester"),
    (RancherSetting, "server-version"),
    (KubeVirt, ""),
)


class Restorer:
    """Plans on one cluster how shipped objects become what the installed version ships."""

    def __init__(self, view: View, relied_on: frozenset[RoleKey] = frozenset()) -> None:
        """Index the RBAC objects of the cluster; `relied_on` are roles that other steps take as they are now."""
        self._view, self._relied_on = view, relied_on
        self._accepted: list[Edits] = []
        self._there: dict[ObjectRef, RbacObject] = {
            item.ref(view.name): item for kind in _KINDS for item in view.cluster.of(kind)
        }

    def plan(self, findings: Iterable[Finding]) -> Iterator[Draft | Refusal]:
        """Plan each object once, with all findings about it; effects are those after the steps before.

        First go bindings to another role than is shipped: a roleRef cannot be changed.
        """
        wanted: dict[ObjectRef, list[Finding]] = {}
        for finding in findings:
            if finding.rule in RESTORED:
                wanted.setdefault(finding.object, []).append(finding)
        known: dict[ObjectRef, Variant] = {}
        for ref, found in wanted.items():
            if ref.kind == RoleTemplate.kind:
                yield _refusal(ref, BUILT_IN)
                continue
            shipped = self._shipped(ref)
            if isinstance(shipped, Variant) and not (why := self._refused(ref, shipped)):
                known[ref] = shipped
                self._accepted += self._edits(ref, shipped)
            else:
                yield _refusal(ref, Why(shipped, found[0].fix.text) if isinstance(shipped, str) else why or _UNCHANGED)
        done: list[Draft] = []
        for ref in sorted(known, key=str):
            if self._is_swapped(ref, known[ref]):
                done.append(self._with(self._gone(self._there[ref], done), wanted[ref]))
        for number, ref in enumerate(sorted(known, key=lambda ref: (_depth(ref, known), str(ref)))):
            draft = self._with(self._back(ref, known[ref], done), wanted[ref])
            done.append(msgspec.structs.replace(draft, order=number))
        yield from done

    def _with(self, draft: Draft, findings: list[Finding]) -> Draft:
        """Add whose findings a step is for, why it needs consent, and on which versions it relies."""
        decisions = tuple(dict.fromkeys(f"rule {found.rule}: {found.fix.text}" for found in findings))
        conditions = (*draft.preconditions, *self._versions())
        sources = (findings[0].object,)
        return msgspec.structs.replace(draft, sources=sources, decisions=decisions, preconditions=conditions)

    def _shipped(self, ref: ObjectRef) -> Variant | str:
        """Find the one content that the installed version ships, or say why it is not known."""
        place = ref.kind, ref.namespace, ref.name
        known = sorted({variant.component for variant in self._view.baseline.variants(*place)})
        if not known:
            return "nothing that is known ships it, so there is no content to restore"
        exact = self._view.baseline.exactly(*place, self._view.exact_components)
        if len(exact) == 1:
            return exact[0]
        if exact:
            return f"{' and '.join(known)} of this version ships it in {len(exact)} ways, by its options"
        installed = [f"{name} {self._view.components[name]}" for name in known if name in self._view.components]
        release = self._view.versions.get("harvester", "")
        if installed and release and not self._view.exact_components.keys() & set(known):
            return f"what Harvester {release} ships is not known, only what releases near it do"
        if installed:
            return f"what {' or '.join(installed)} ships under this name is not known"
        return f"which version of {' or '.join(known)} is installed is not known"

    def _refused(self, ref: ObjectRef, shipped: Variant) -> Why | None:
        item = self._there.get(ref)
        if item is None:
            return None
        if mark := in_repository(item.metadata):
            return Why(f"it is kept in a repository ({mark}) and the edit would come back", "change it there")
        if item.metadata.deletion_timestamp:
            return Why("it is being deleted", "plan again when it is gone")
        if not any(self._edits(ref, shipped)):
            return _UNCHANGED
        if other := self._changed(ref, shipped):
            reason = f"another step converts a binding by what ClusterRole {other[1]} grants now"
            return Why(reason, "apply this plan, and plan again then")
        if places := consequence(self._view, *self._edits(ref, shipped), since=self._accepted).leaderless:
            reason = f"nobody who may be a person would administer {places[0] or 'the cluster'} any more"
            return Why(reason, "make somebody an administrator by another binding, then plan again")
        return None

    def _changed(self, ref: ObjectRef, shipped: Variant) -> RoleKey | None:
        """Find a role that other steps rely on, and that would grant something else."""
        after = access_after(self._view, self._edits(ref, shipped)) if self._relied_on else self._view.access
        changed = (role for role in sorted(self._relied_on) if after.rules(role) != self._view.access.rules(role))
        return next(changed, None)

    def _edits(self, ref: ObjectRef, shipped: Variant) -> list[Edits]:
        gone = [self._deletion(ref)] if self._is_swapped(ref, shipped) else []
        return [*gone, self._change(ref, shipped)[0]]

    def _is_swapped(self, ref: ObjectRef, shipped: Variant) -> bool:
        item = self._there.get(ref)
        return isinstance(item, AnyBinding) and role_key(item.role_ref) != role_key(shipped.role_ref)

    def _deletion(self, ref: ObjectRef) -> Edits:
        return Edits(deletes=(target(self._there[ref], self._view.name),))

    def _back(self, ref: ObjectRef, shipped: Variant, done: Sequence[Draft]) -> Draft:
        item = self._there.get(ref)
        stays = item if not self._is_swapped(ref, shipped) else None
        do, undo = self._change(ref, shipped)
        result, after = following(self._view, do, done)
        own = resets(shipped.component, ref.kind, ref.name, more=stays is not None and bool(_more(stays, shipped)))
        maker = f"{shipped.component} {self._view.exact_components[shipped.component].removeprefix('v')}"
        return Draft(
            action="restore",
            title=f"{'restore' if stays else 'make'} {ref} as {maker} ships it; {own}",
            sources=(),
            gains=result.gains,
            effects=result.effects,
            do=do,
            undo=undo,
            preconditions=(touched(stays, self._view.name),) if stays else (),
            after=after,
        )

    def _gone(self, item: RbacObject, done: Sequence[Draft]) -> Draft:
        do = self._deletion(item.ref(self._view.name))
        result, after = following(self._view, do, done)
        return Draft(
            action="remove",
            title=f"delete {item}, which binds another role than is shipped; a later step makes the shipped one",
            sources=(),
            effects=result.effects,
            do=do,
            undo=Edits(creates=(Creation(cluster=self._view.name, manifest=manifest(item)),)),
            preconditions=(touched(item, self._view.name),),
            after=after,
        )

    def _change(self, ref: ObjectRef, shipped: Variant) -> tuple[Edits, Edits]:
        """Work out what makes an object as it is shipped, and the way back."""
        item, name = self._there.get(ref), self._view.name
        if item is not None and not self._is_swapped(ref, shipped):
            do, undo = self._set(item, shipped)
            return (Edits(changes=(do,)), Edits(changes=(undo,))) if do.fields or do.labels else (Edits(), Edits())
        metadata = item.metadata if item else Metadata(name=ref.name, namespace=ref.namespace)
        # With the labels and annotations by which its maker knows it.
        labels = {**metadata.labels, **shipped.labels}
        made = shipped_object(ref.kind, shipped, msgspec.structs.replace(metadata, labels=labels))
        creation = Creation(cluster=name, manifest=manifest(made))
        return Edits(creates=(creation,)), Edits(deletes=(target(made, name),))

    def _set(self, item: RbacObject, shipped: Variant) -> tuple[Change, Change]:
        """Set what differs, and back; the rules of an aggregated role are written by the API server."""
        have, want = content_of(item), shipped_content(shipped)
        made = shipped_object(item.kind, shipped, item.metadata)
        names = ["subjects"] if have.subjects != want.subjects else []
        names += ["rules"] if have.atoms != want.atoms and not shipped.aggregation_selectors else []
        names += ["aggregationRule"] if have.selectors != want.selectors else []
        # Once it is aggregated again, its own rules are gone.
        back = dict.fromkeys([*names, *(["rules"] if "aggregationRule" in names else [])])
        new, was = plain(made), plain(item)
        empty: dict[str, object] = {"subjects": [], "rules": [], "aggregationRule": None}
        labels = {} if isinstance(item, AnyBinding) else self._labels(item, shipped)
        place = target(item, self._view.name)
        old = {name: item.metadata.labels.get(name) for name in labels}
        return (
            Change(target=place, fields={name: new.get(name, empty[name]) for name in names}, labels=labels),
            Change(target=place, fields={name: was.get(name, empty[name]) for name in back}, labels=old),
        )

    def _labels(self, item: RbacObject, shipped: Variant) -> dict[str, str | None]:
        """Set the labels by which a role is aggregated; KubeVirt leaves them out on demand."""
        strategies = [each.spec.configuration.role_aggregation_strategy for each in self._view.cluster.of(KubeVirt)]
        if shipped.component == "kubevirt" and "Manual" in strategies:
            return {}
        names = {name for name in (*item.metadata.labels, *shipped.labels) if name.startswith(AGGREGATE_TO)}
        wanted = {name: shipped.labels.get(name) for name in sorted(names)}
        return {name: value for name, value in wanted.items() if item.metadata.labels.get(name) != value}

    def _versions(self) -> Iterator[Precondition]:
        """Rely on what says which version is installed: after an upgrade, something else is shipped."""
        for kind, name in _STATED:
            for item in self._view.cluster.of(kind):
                if name in {"", item.name}:
                    yield relied_on(item, self._view.name)


_UNCHANGED = Why("it differs only in what the API server's controller writes", "nothing: the controller writes it anew")


def _refusal(ref: ObjectRef, why: Why) -> Refusal:
    return Refusal(object=str(ref), reason=why.reason, manual=why.manual)


def _depth(ref: ObjectRef, known: Mapping[ObjectRef, Variant]) -> int:
    """Count the roles above one into which it is aggregated: they go first, as what is in them changes with it."""
    above = [each for each, shipped in known.items() if each != ref and shipped.selects(known[ref])]
    return 1 + max(_depth(each, known) for each in above) if above else 0


def _more(item: RbacObject, shipped: Variant) -> Content:
    """Find what somebody added; the rules of an aggregated role are nobody's."""
    more = content_of(item).minus(shipped_content(shipped))
    return msgspec.structs.replace(more, atoms=frozenset()) if shipped.aggregation_selectors else more
