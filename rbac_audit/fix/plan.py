"""What a plan is made of; the YAML file is these values, in this order."""

from collections.abc import Iterator, Mapping

import msgspec

from rbac_audit.snapshot.objects import ObjectRef, PolicyRule

FORMAT = "rbac-audit/plan/v1"


class Value(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Base of the values; a misspelt key in an edited file is an error."""


class Target(Value, frozen=True, kw_only=True, order=True):
    """Points at one object of one cluster by everything that a request needs."""

    cluster: str
    api_version: str
    kind: str
    plural: str
    namespace: str = ""
    name: str

    def __str__(self) -> str:
        """`RoleBinding tenant-a/devs`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Precondition(Value, frozen=True, kw_only=True):
    """What an object must be like before anything is done.

    `content` is its hash (`objects.content_hash`), "" where it must not be there. `uid` and `resource_version` are
    those of an object that a step touches, "" where the snapshot does not have them or it is only relied on.
    """

    target: Target
    content: str
    uid: str = ""
    resource_version: str = ""


class Creation(Value, frozen=True, kw_only=True):
    """An object to create."""

    cluster: str
    manifest: dict[str, object]


class Change(Value, frozen=True, kw_only=True):
    """Fields of an object to set: top-level ones as a whole, and labels, of which None takes one away."""

    target: Target
    fields: Mapping[str, object] = {}
    labels: dict[str, str | None] = {}


class Edits(Value, frozen=True, kw_only=True):
    """What is done: first all creations, then changes, then deletions."""

    creates: tuple[Creation, ...] = ()
    changes: tuple[Change, ...] = ()
    deletes: tuple[Target, ...] = ()

    def __len__(self) -> int:
        """Count the writes."""
        return len(self.creates) + len(self.changes) + len(self.deletes)


class Kept(Value, frozen=True, kw_only=True):
    """Rights that a subject holds before and after in these namespaces."""

    namespaces: tuple[str, ...]
    rules: tuple[PolicyRule, ...]


class Difference(Value, frozen=True, kw_only=True):
    """Rights gained or lost, in words.

    `reach` is project, standing (what every project binding brings: seeing the cluster, the project and its
    namespaces), management (in the project's namespace on the management cluster), cluster or, for what is lost,
    namespace.
    """

    reach: str
    cluster: str
    namespaces: tuple[str, ...]
    rights: tuple[str, ...]


class Effect(Value, frozen=True, kw_only=True):
    """What a step does to the effective rights of one subject."""

    subject: str
    display_name: str = ""
    kept: tuple[Kept, ...] = ()
    gained: tuple[Difference, ...] = ()
    lost: tuple[Difference, ...] = ()


class Candidate(Value, frozen=True, kw_only=True):
    """A role template that was weighed: how much it adds (a weight, see docs/fixing.md), and what it lacks."""

    role_template: str
    subject: str
    adds: int
    surplus: tuple[str, ...]
    lacks: tuple[str, ...]
    chosen: bool = False


class Rendering(Value, frozen=True, kw_only=True):
    """What Rancher must have made in every live namespace of a project before anything is taken away.

    One RoleBinding for the subject to each of the roles, by model.
    """

    project: str
    subject_kind: str
    subject_name: str
    legacy: tuple[str, ...]
    aggregated: tuple[str, ...]
    namespaces: tuple[str, ...]


class Consent(Value, frozen=True, kw_only=True):
    """Whether somebody has to agree, why, and whether they did: set `given: true` in the file."""

    needed: bool
    because: tuple[str, ...] = ()
    given: bool = False


class Step(Value, frozen=True, kw_only=True):
    """One change that stands by itself: everything in it is done, or nothing of it stays.

    Its effects are those after the steps that `after` names: without them it would do something else to somebody.
    """

    id: str
    after: tuple[str, ...] = ()
    action: str
    title: str
    rules: tuple[str, ...]
    consent: Consent
    effects: tuple[Effect, ...] = ()
    do: Edits
    preconditions: tuple[Precondition, ...] = ()
    expect: tuple[Rendering, ...] = ()
    undo: Edits
    candidates: tuple[Candidate, ...] = ()

    @property
    def agreed(self) -> bool:
        """Tell whether it has the consent that it needs."""
        return not self.consent.needed or self.consent.given


class Refusal(Value, frozen=True, kw_only=True):
    """What is not converted, why, and what a person can do instead.

    For a binding that comes from Git, `change` is what to add there and `effect` what that does.
    """

    object: str
    subject: str = ""
    reason: str
    manual: str
    change: Edits = Edits()
    effect: Effect | None = None


class Tool(Value, frozen=True, kw_only=True):
    """Which version made the plan."""

    version: str


class Plan(Value, frozen=True, kw_only=True):
    """A plan for one cluster and the Rancher that manages it; `digest` is that of the snapshot it was made from."""

    format: str
    tool: Tool
    digest: str
    cluster: str
    cluster_id: str
    management: str
    model: str
    allow_gain: str
    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...]
    unread: tuple[str, ...] = ()

    @property
    def ready(self) -> tuple[Step, ...]:
        """List the steps that may be applied as they are: agreed to, and so are all that they come after."""
        ready: dict[str, Step] = {}
        for step in self.steps:
            if step.agreed and ready.keys() >= set(step.after):
                ready[step.id] = step
        return tuple(ready.values())

    @property
    def waiting(self) -> tuple[Step, ...]:
        """List the others: they need consent, or come after one that does."""
        ready = {step.id for step in self.ready}
        return tuple(step for step in self.steps if step.id not in ready)

    @property
    def touched(self) -> Iterator[Target]:
        """List the objects that steps change or delete."""
        for step in self.steps:
            yield from (change.target for change in step.do.changes)
            yield from step.do.deletes


def ref_of(target: Target) -> ObjectRef:
    """Point at the object as findings do."""
    group = target.api_version.rpartition("/")[0]
    return ObjectRef(group, target.kind, target.name, target.namespace, target.cluster)
