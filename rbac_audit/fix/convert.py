"""Raw bindings into project bindings: what belongs together, and the step for it."""

from collections.abc import Iterable, Iterator

import msgspec

from rbac_audit.access import Binding
from rbac_audit.access.bindings import RoleKey
from rbac_audit.answers.what import compact
from rbac_audit.audit.estate import View
from rbac_audit.fix import refusals
from rbac_audit.fix.choose import Choice, Chooser
from rbac_audit.fix.conditions import Conditions
from rbac_audit.fix.draft import Draft
from rbac_audit.fix.groups import names, subjects_of, together
from rbac_audit.fix.lasting import Lasting
from rbac_audit.fix.objects import manifest, plain, project_binding, target, typed
from rbac_audit.fix.offers import Offer
from rbac_audit.fix.plan import Change, Creation, Difference, Edits, Effect, Kept, Refusal, Rendering, Target
from rbac_audit.fix.rights import Rights, carried
from rbac_audit.rancher.bindings import Owner
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.naming import role_binding_name
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rancher.projects import ProjectInfo
from rbac_audit.snapshot.objects import PolicyRule, RoleTemplate, Subject


class Moved(msgspec.Struct, frozen=True, eq=False):
    """A subject that moves into a project binding: the rights it must keep, by namespace, and the choice for it.

    Without a choice it keeps what it has by bindings of Rancher that `lasting` names.
    """

    subject: Subject
    needs: dict[str, Rights]
    choice: Choice | None
    lasting: tuple[Binding, ...] = ()


class Converter:
    """Plans conversions on one cluster."""

    def __init__(self, view: View, rancher: Rancher, chooser: Chooser) -> None:
        """Index what is looked up again and again."""
        self._view, self._rancher, self._chooser = view, rancher, chooser
        self._names = {(item.namespace, item.name): item for item in view.access.bindings if item.namespace}
        self._rights: dict[RoleKey, Rights] = {}
        self._compacted: dict[Rights, tuple[PolicyRule, ...]] = {}
        self._conditions = Conditions(view, rancher)
        self._lasting = Lasting(view, rancher, chooser.offers.here)
        self._bound = {
            (str(item.subject), item.project, item.template): item
            for item in rancher.bindings
            if item.subject and not item.source.metadata.deletion_timestamp
        }

    def convert(self, bindings: Iterable[Binding]) -> Iterator[Draft | Refusal]:
        """Plan the bindings that are wanted gone: a step for those that hang together, a refusal for the others."""
        movable: dict[ProjectInfo, dict[Binding, list[Subject]]] = {}
        for binding in bindings:
            project = refusals.project_of(self._view, binding)
            if isinstance(project, refusals.Why):
                yield from self._left(binding, project)
                continue
            for subject in binding.subjects:
                if why := refusals.of_subject(self._view, subject, binding.namespace):
                    yield from _refused(binding, (subject,), why)
                else:
                    movable.setdefault(project, {}).setdefault(binding, []).append(subject)
        for project, found in movable.items():
            for group in together(found):
                yield from self._step(project, {binding: found[binding] for binding in group})

    def _left(self, binding: Binding, why: refusals.Why) -> Iterator[Refusal]:
        """Refuse a binding; for one that comes from Git, work out what to add there."""
        project = refusals.in_git(self._view, binding)
        for refusal, subject in zip(_refused(binding, binding.subjects, why), binding.subjects, strict=True):
            if project is None or refusals.of_subject(self._view, subject, binding.namespace):
                yield refusal
                continue
            group = {binding: [subject]}
            moved = self._moved(project, subject, group)
            change = Edits(creates=tuple(self._creations(project, moved, group)))
            yield msgspec.structs.replace(refusal, change=change, effect=self._effect(moved))

    def _step(self, project: ProjectInfo, group: dict[Binding, list[Subject]]) -> Iterator[Draft | Refusal]:
        moved = [self._moved(project, subject, group) for subject in subjects_of(group)]
        clashes = [name for item in moved for name in self._clashes(project, item)]
        if clashes:
            reason = f"{clashes[0]} has the name that Rancher would give its own, so Rancher would never make it"
            why = refusals.Why(reason, "make the same binding under another name, delete this one, then plan again")
            for binding, subjects in group.items():
                yield from _refused(binding, subjects, why)
            return
        yield self._draft(project, group, moved)

    def _moved(self, project: ProjectInfo, subject: Subject, group: dict[Binding, list[Subject]]) -> Moved:
        mine = [binding for binding, subjects in group.items() if names(subjects, subject)]
        needs: dict[str, Rights] = {}
        for binding in mine:
            before = needs.get(binding.namespace, ())
            needs[binding.namespace] = tuple(dict.fromkeys((*before, *self._carried(binding))))
        lasting = {namespace: self._lasting.of(subject, namespace) for namespace in needs}
        if not any(self._lasting.cover(lasting[namespace]).uncovered(rights) for namespace, rights in needs.items()):
            return Moved(subject, needs, None, tuple(dict.fromkeys(item for each in lasting.values() for item in each)))
        wanted = tuple(dict.fromkeys(atom for _, rights in sorted(needs.items()) for atom in rights))
        roles = {binding.role_ref for binding in mine if binding.role_ref.kind == "ClusterRole"}
        named = roles or {binding.role_ref for binding in mine}
        return Moved(subject, needs, self._chooser.choose(subject, project, wanted, named))

    def _compact(self, rights: Rights) -> tuple[PolicyRule, ...]:
        if rights not in self._compacted:
            self._compacted[rights] = compact(rights)
        return self._compacted[rights]

    def _carried(self, binding: Binding) -> Rights:
        if binding.role not in self._rights:
            self._rights[binding.role] = carried(self._view.access.rules(binding.role))
        return self._rights[binding.role]

    def _clashes(self, project: ProjectInfo, item: Moved) -> Iterator[str]:
        """Find bindings in the way: Rancher never adopts one of the name that it wants to give."""
        if item.choice is None:
            return
        offer, subject = item.choice.offer, item.subject
        roles = offer.aggregated if self._rancher.aggregated else offer.legacy
        for namespace in self._chooser.offers.reached(project):
            for role in roles:
                name = role_binding_name(namespace, "ClusterRole", role, subject.kind, subject.name)
                there = self._names.get((namespace, name))
                if there is not None and self._view.ownership[there].claim is not Claim.HOLDS:
                    yield str(there.source)

    def _draft(self, project: ProjectInfo, group: dict[Binding, list[Subject]], moved: list[Moved]) -> Draft:
        creates = [item for one in moved for item in self._creations(project, one, group)]
        made = {target(typed(item), item.cluster): item for item in creates}
        removal, return_ = self._removals(group)
        whom = [(item.subject, item.choice.offer if item.choice else None) for item in moved]
        kept = [binding for item in moved for binding in item.lasting], self._members(project, moved)
        gains = tuple(gain for item in moved if item.choice for gain in item.choice.gains)
        return Draft(
            action="convert",
            title=_title(project, moved, group),
            sources=tuple(binding.source.ref(self._view.name) for binding in group),
            gains=gains,
            effects=tuple(self._effect(item) for item in moved),
            do=msgspec.structs.replace(removal, creates=tuple(made.values())),
            undo=msgspec.structs.replace(return_, deletes=_bindings_first(made)),
            preconditions=tuple(
                dict.fromkeys((*self._conditions.of(project, group, whom), *self._conditions.kept(*kept)))
            ),
            expect=tuple(_rendering(project, item.subject, item.choice.offer) for item in moved if item.choice),
            candidates=tuple(found for item in moved if item.choice for found in item.choice.candidates),
        )

    def _members(self, project: ProjectInfo, moved: Iterable[Moved]) -> Iterator[Owner]:
        """Find from what Rancher makes what stays: of who keeps what it has, and of who is bound as chosen already."""
        for item in moved:
            yield from (owner for binding in item.lasting for owner in self._lasting.owners(binding))
            if item.choice and (bound := self._bound.get((str(item.subject), project.id, item.choice.offer.name))):
                yield bound

    def _creations(self, project: ProjectInfo, item: Moved, group: dict[Binding, list[Subject]]) -> Iterator[Creation]:
        if item.choice is None:
            return
        cluster, template = self._rancher.cluster.name, item.choice.offer.template
        if item.choice.is_new:
            yield Creation(cluster=cluster, manifest=manifest(template))
        if (str(item.subject), project.id, template.name) in self._bound:
            return
        person = self._view.people.find(item.subject.name) if item.subject.kind == "User" else None
        replaces = tuple(str(binding.source) for binding, subjects in group.items() if names(subjects, item.subject))
        written = project_binding(item.subject, person, project, template.name, replaces)
        yield Creation(cluster=cluster, manifest=written)

    def _removals(self, group: dict[Binding, list[Subject]]) -> tuple[Edits, Edits]:
        """Take the subjects out of their bindings, and these away where nobody is left in them; and the way back."""
        deletes: list[Target] = []
        restored: list[Creation] = []
        changes: list[Change] = []
        back: list[Change] = []
        name = self._view.name
        for binding, subjects in group.items():
            rest = tuple(item for item in binding.subjects if not names(subjects, item))
            place = target(binding.source, name)
            if rest:
                fields = {"subjects": [plain(item) for item in rest]}
                changes.append(Change(target=place, fields=fields))
                back.append(Change(target=place, fields={"subjects": [plain(item) for item in binding.subjects]}))
            else:
                deletes.append(place)
                restored.append(Creation(cluster=name, manifest=manifest(binding.source)))
        return (
            Edits(changes=tuple(changes), deletes=tuple(deletes)),
            Edits(creates=tuple(restored), changes=tuple(back)),
        )

    def _effect(self, item: Moved) -> Effect:
        gains = item.choice.gains if item.choice else ()
        alike: dict[Rights, list[str]] = {}
        for namespace, rights in sorted(item.needs.items()):
            alike.setdefault(rights, []).append(namespace)
        return Effect(
            subject=str(item.subject),
            display_name=self._view.display_name(item.subject),
            kept=tuple(Kept(namespaces=tuple(names), rules=self._compact(rights)) for rights, names in alike.items()),
            gained=tuple(
                Difference(reach=gain.reach, cluster=gain.cluster, namespaces=gain.namespaces, rights=gain.rights.words)
                for gain in gains
            ),
        )


def _rendering(project: ProjectInfo, subject: Subject, offer: Offer) -> Rendering:
    return Rendering(
        project=project.id,
        subject_kind=subject.kind,
        subject_name=subject.name,
        legacy=offer.legacy,
        aggregated=offer.aggregated,
        namespaces=project.namespaces,
    )


def _refused(binding: Binding, subjects: Iterable[Subject], why: refusals.Why) -> Iterator[Refusal]:
    for subject in subjects:
        yield Refusal(object=str(binding.source), subject=str(subject), reason=why.reason, manual=why.manual)


def _bindings_first(made: Iterable[Target]) -> tuple[Target, ...]:
    return tuple(sorted(made, key=lambda item: item.kind == RoleTemplate.kind))


def _title(project: ProjectInfo, moved: list[Moved], group: dict[Binding, list[Subject]]) -> str:
    who = ", ".join(
        f"{item.subject} as {item.choice.offer.name}" if item.choice else f"{item.subject} (keeps what it has)"
        for item in moved[:3]
    )
    more = f" and {len(moved) - 3} more" if len(moved) > 3 else ""
    what = ", ".join(f"{binding.namespace}/{binding.name}" for binding in list(group)[:3])
    rest = f" and {len(group) - 3} more" if len(group) > 3 else ""
    return f"project {project.name}: {who}{more}, in place of {what}{rest}"
