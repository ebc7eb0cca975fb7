"""The writes of a step, forwards and back: each one said in the journal before and after, each one repeatable."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from msgspec.structs import replace

from rbac_audit.fix.apply.checks import Servers, Waiting, content_of, fits
from rbac_audit.fix.apply.contents import bare, changed, is_changed, same
from rbac_audit.fix.apply.server import ApplyFailed, Raw, Rejected, Server, Stale
from rbac_audit.fix.journal import Event, Journal
from rbac_audit.fix.objects import MADE_BY, target, typed
from rbac_audit.fix.plan import Change, Creation, Precondition, Step, Target
from rbac_audit.snapshot.objects import RoleTemplate


class Writer:
    """Writes to the clusters of a plan, and into its journal."""

    def __init__(self, servers: Servers, journal: Journal, waiting: Waiting) -> None:
        """Take open connections and the journal, whose mark goes onto what is created."""
        self.servers, self._journal, self._waiting = servers, journal, waiting

    # -- forwards

    def dry_run(self, step: Step, found: Mapping[Target, Raw]) -> None:
        """Let the servers judge every write that they can judge before another one is done; raises Rejected.

        `found` has the objects that the step changes or deletes, as they are.
        """
        new = {str(item.manifest["metadata"]) for item in step.do.creates if item.manifest["kind"] == "RoleTemplate"}
        for creation in step.do.creates:
            # A binding to a template that is not there yet would be refused for that.
            if creation.manifest["kind"] == "RoleTemplate" or not new:
                self._create(creation, dry_run=True)
        conditions = {condition.target: condition for condition in step.preconditions}
        for change in step.do.changes:
            server, item = self.servers[change.target.cluster], found[change.target]
            if server.replace(change.target, changed(item, change), dry_run=True) is None:
                raise _stale(change.target)
        for gone in step.do.deletes:
            if not self._delete(gone, conditions[gone], found[gone], dry_run=True):
                raise _stale(gone)

    def create(self, step: str, creation: Creation) -> None:
        """Create an object unless it is there; raises Rejected where something else has its name."""
        place = target(typed(creation), creation.cluster)
        server = self.servers[creation.cluster]
        item = server.read(place)
        if item is None:
            self._intend(step, "create", place)
            self._create(creation, dry_run=True)
            item = self._create(creation) or server.read(place)
        if item is not None and item["metadata"].get("deletionTimestamp"):
            raise Rejected(str(place), creation.cluster, "it is being deleted", "apply again when it is gone")
        if item is None:
            problem = "the server says that it, or a duplicate of it, is there (409), and it is not"
            raise Rejected(str(place), creation.cluster, problem, "look for the duplicate; then plan again")
        if not same(creation, item):
            problem = "something else of this name is there"
            raise Rejected(str(place), creation.cluster, problem, "see who made it; then plan again")
        maker, mark = _maker(item), self._journal.mark
        if maker != mark and maker.partition(".")[0] == mark.partition(".")[0]:
            # Two that take back, each for itself, would in the end leave somebody with nothing.
            problem = "another apply of this plan made it"
            raise Rejected(str(place), creation.cluster, problem, "go on with that one, from where its journal is")
        made = maker == mark
        self._journal.say(
            Event(event="outcome", step=step, write="create", target=place, uid=item["metadata"]["uid"], made=made)
        )

    def _create(self, creation: Creation, *, dry_run: bool = False) -> Raw | None:
        item = typed(creation)
        metadata = creation.manifest["metadata"]
        noted = dict(metadata) if isinstance(metadata, Mapping) else {}
        noted["annotations"] = {**noted.get("annotations", {}), MADE_BY: self._journal.mark}
        manifest = {**creation.manifest, "metadata": noted}
        return self.servers[creation.cluster].create(target(item, creation.cluster), manifest, dry_run=dry_run)

    def change(self, step: str, change: Change, condition: Precondition) -> None:
        """Set the fields of an object that is as the plan says, or has them already; raises Stale."""
        server, place = self.servers[change.target.cluster], change.target
        item = server.read(place)
        if item is not None and self._journal.intended(step, place) and is_changed(item, change):
            self._done(step, "change", place)
            return
        if item is None or not fits(item, condition):
            raise _stale(place)
        self._intend(step, "change", place)
        if server.replace(place, changed(item, change)) is None:
            again = server.read(place)
            if again is None or not is_changed(again, change):
                raise Stale(str(place), place.cluster, "it changed while it was written", "plan again")
        self._done(step, "change", place)

    def delete(self, step: str, place: Target, condition: Precondition) -> None:
        """Delete an object that is as the plan says, or that is gone by our own doing; raises Stale."""
        item = self.servers[place.cluster].read(place)
        if item is None and self._journal.intended(step, place):
            self._done(step, "delete", place)
            return
        if item is None or not fits(item, condition):
            raise _stale(place)
        self._intend(step, "delete", place)
        if not self._delete(place, condition, item) and self.servers[place.cluster].read(place) is not None:
            raise Stale(str(place), place.cluster, "it changed while it was to be deleted", "plan again")
        self._done(step, "delete", place)

    def _delete(self, place: Target, condition: Precondition, item: Raw, *, dry_run: bool = False) -> bool:
        metadata = item["metadata"]
        version = condition.resource_version or metadata["resourceVersion"]
        uid = condition.uid or metadata["uid"]
        return self.servers[place.cluster].delete(place, uid, version, dry_run=dry_run)

    def _intend(self, step: str, write: str, place: Target) -> None:
        self._journal.say(Event(event="intent", step=step, write=write, target=place))

    def _done(self, step: str, write: str, place: Target) -> None:
        self._journal.say(Event(event="outcome", step=step, write=write, target=place))

    # -- back

    def restore(self, step: Step) -> list[str]:
        """Bring back what a step took away, from its backup; returns what was not touched, and why."""
        places = [target(typed(creation), creation.cluster) for creation in step.undo.creates]
        left = [line for place in places for line in _left(place, partial(self._restore, step.id, place))]
        for done, back in zip(step.do.changes, step.undo.changes, strict=True):
            left += _left(back.target, partial(self._change_back, step.id, done, back))
        return left

    def _restore(self, step: str, place: Target) -> Iterable[str]:
        server, original = self.servers[place.cluster], self._journal.backup(place)
        if original is None or not self._journal.intended(step, place):
            return ()
        item = server.read(place)
        if item is None:
            self._intend(step, "restore", place)
            item = server.create(place, bare(original)) or server.read(place)
            if item is not None and content_of(item) == content_of(original):
                self._done(step, "restore", place)
        # Its uid tells that it was never deleted: what somebody else changed in it is no matter of ours.
        untouched = item is not None and item["metadata"]["uid"] == original["metadata"]["uid"]
        if not untouched and (item is None or content_of(item) != content_of(original)):
            return (f"{place} on {place.cluster}: something else of its name is there now",)
        return ()

    def _change_back(self, step: str, done: Change, back: Change) -> Iterable[str]:
        server = self.servers[back.target.cluster]
        item = server.read(back.target)
        if not self._journal.intended(step, back.target):
            return ()
        if item is not None and is_changed(item, done) and not is_changed(item, back):
            self._intend(step, "restore", back.target)
            # As the server had them: a plan has of a field what it means.
            original = self._journal.backup(back.target) or {}
            fields = {name: original.get(name, value) for name, value in back.fields.items()}
            if server.replace(back.target, changed(item, replace(back, fields=fields))) is not None:
                self._done(step, "restore", back.target)
                return ()
            item = server.read(back.target)
        if item is not None and is_changed(item, back):
            return ()
        return (f"{back.target} on {back.target.cluster}: it was changed since, or is gone",)

    def take_away(self, step: Step) -> list[str]:
        """Delete what a step created, as far as it is still that and nobody else needs it."""
        places = step.undo.deletes
        return [line for place in places for line in _left(place, partial(self._take_away, step.id, place))]

    def _take_away(self, step: str, place: Target) -> Iterable[str]:
        server, uid = self.servers[place.cluster], self._journal.made(step, place)
        item = server.read(place)
        if item is None or item["metadata"].get("deletionTimestamp"):
            return ()
        mine = _maker(item) == self._journal.mark
        if not mine or (uid and item["metadata"]["uid"] != uid):
            # Not ours: it was there before, or somebody made it anew.
            return (f"{place} on {place.cluster}: this plan did not make it",) if uid else ()
        if place.kind == RoleTemplate.kind and (users := self._users_of(server, place.name)):
            # Another step of this plan that needs it takes it away with itself.
            others = [
                f"{name} {'is still being deleted' if going else 'uses it'}"
                for name, going, mine in users
                if going or not mine
            ]
            return (f"{place} on {place.cluster}: {others[0]}",) if others else ()
        self._intend(step, "take-away", place)
        if not server.delete(place, item["metadata"]["uid"]):
            raise ApplyFailed(str(place), place.cluster, "it changed while it was to be deleted", "roll back again")
        self._done(step, "take-away", place)
        return ()

    def _users_of(self, server: Server, template: str) -> list[tuple[str, bool, bool]]:
        """Name what needs a role template, whether that is being deleted, and whether this plan made it.

        A binding that is being deleted is waited for: rancher-webhook would not let it go without its template.
        """
        end = time.monotonic() + self._waiting.deadline
        while users := list(self._users(server, template)):
            if not any(going for _, going, _ in users) or time.monotonic() > end:
                return users
            time.sleep(self._waiting.interval)
        return []

    def _users(self, server: Server, template: str) -> Iterator[tuple[str, bool, bool]]:
        for plural in ("projectroletemplatebindings", "clusterroletemplatebindings", "roletemplates"):
            for item in server.list("management.cattle.io/v3", plural):
                if item.get("roleTemplateName") == template or template in (item.get("roleTemplateNames") or ()):
                    metadata, mine = item["metadata"], _maker(item) == self._journal.mark
                    yield f"{plural} {metadata['name']}", bool(metadata.get("deletionTimestamp")), mine


def _left(place: Target, back: Callable[[], Iterable[str]]) -> list[str]:
    """Leave alone what the server does not let back, and say so: it is no reason to leave the rest."""
    try:
        return list(back())
    except Rejected as refused:
        return [f"{place} on {place.cluster}: {refused.problem}"]


def _maker(item: Raw) -> str:
    mark: str = (item["metadata"].get("annotations") or {}).get(MADE_BY, "")
    return mark


def _stale(place: Target) -> Stale:
    return Stale(str(place), place.cluster, "it has changed since the plan was made", "plan again")
