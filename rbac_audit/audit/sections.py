"""What a report says beside its findings: who holds what, projects, people, what an upgrade does, harvester-public."""

import msgspec

from rbac_audit.audit.finding import SubjectRef
from rbac_audit.snapshot.objects import ObjectRef


class Capability(msgspec.Struct, frozen=True):
    """A column of the matrix: something a person can do, in words."""

    name: str
    title: str


class HeldGrant(msgspec.Struct, frozen=True, order=True):
    """One source of what a subject holds: an object, or the template binding behind several, and what it gives where.

    `source` is rancher (a template binding makes it), shipped (a part of the platform brings it), unproven (it says
    that Rancher made it) or raw (somebody made it by hand); `role` is the role in the cluster, `template` the role
    template.
    """

    through: ObjectRef
    source: str
    role: str
    capabilities: tuple[str, ...]
    namespaces: tuple[str, ...] = ()
    template: str = ""


class Holding(msgspec.Struct, frozen=True, order=True):
    """What a subject can do in a project (or, with project "", outside projects or cluster-wide).

    One row for each subject, cluster, project and reach; `capabilities` are names of `Report.capabilities`, `through`
    the bindings, or the template bindings behind them; `member` says whether Rancher shows the subject in that
    project. `grants` says what comes from where.
    """

    subject: SubjectRef
    cluster: str
    project: str
    cluster_wide: bool
    namespaces: tuple[str, ...]
    capabilities: tuple[str, ...]
    through: tuple[ObjectRef, ...]
    member: bool
    grants: tuple[HeldGrant, ...] = ()


class Shared(msgspec.Struct, frozen=True):
    """What of one kind lies in a project and can be read by subjects who are no members of it, in these namespaces."""

    kind: str
    objects: tuple[ObjectRef, ...]
    readers: tuple[SubjectRef, ...]


class ProjectSummary(msgspec.Struct, frozen=True):
    """A project: its namespaces on the Harvester cluster and who is a member by which role template.

    `contents` counts the objects in its namespaces by kind, of the kinds that were read; `quota` is Rancher's, limit
    by limit, None where the project's object was not read.
    """

    cluster: str
    id: str
    name: str
    system: bool
    namespaces: tuple[str, ...]
    members: tuple[tuple[SubjectRef, str], ...]
    contents: dict[str, int] = {}
    quota: dict[str, str] | None = None
    shared: tuple[Shared, ...] = ()


class TemplateSummary(msgspec.Struct, frozen=True, order=True):
    """What a role template says: the capabilities that its rules, and those of what it inherits, give on a cluster."""

    cluster: str
    name: str
    title: str
    capabilities: tuple[str, ...]


class AccountSummary(msgspec.Struct, frozen=True):
    """A service account that holds something, and the workloads that run as it, of the kinds that were read."""

    subject: SubjectRef
    cluster: str
    workloads: tuple[ObjectRef, ...]


class TokenSummary(msgspec.Struct, frozen=True):
    """That somebody has a token, never what it is: its kind, end ("" if not known) and one cluster ("" for all)."""

    name: str
    kind: str
    never_expires: bool
    expires_at: str
    cluster: str


class PersonSummary(msgspec.Struct, frozen=True):
    """A person as Rancher knows them; `groups_as_of` is when the groups were last learnt."""

    subject: SubjectRef
    enabled: bool
    groups: tuple[str, ...]
    groups_as_of: str
    last_login: str
    username: str = ""
    principals: tuple[str, ...] = ()
    tokens: tuple[TokenSummary, ...] = ()


class BindingFate(msgspec.Struct, frozen=True, order=True):
    """What an upgrade may do to a binding: its class, why, and what to do first."""

    survival: str
    binding: ObjectRef
    role: str
    subjects: tuple[SubjectRef, ...]
    reason: str
    first: str


class ClusterSurvival(msgspec.Struct, frozen=True):
    """The bindings of a cluster that somebody made, by what an upgrade may do to them.

    `shipped` and `rendered` count the others: those that a part of the platform brings, and those that Rancher makes
    again from its own objects.
    """

    cluster: str
    shipped: int
    rendered: int
    bindings: tuple[BindingFate, ...]


class PublicBinding(msgspec.Struct, frozen=True, order=True):
    """A binding in harvester-public, and whether Harvester ships it so."""

    shipped: bool
    binding: ObjectRef
    role: str
    subjects: tuple[SubjectRef, ...]
    capabilities: tuple[str, ...]


class PublicSecret(msgspec.Struct, frozen=True, order=True):
    """A Secret in harvester-public: its type, never what is in it, and whether Harvester ships one of this name."""

    shipped: bool
    secret: ObjectRef
    type: str


class PublicNamespace(msgspec.Struct, frozen=True):
    """The namespace harvester-public of one cluster; `unread` are kinds in it that were not read there.

    `project` is "" where it is in none, as it should be; `readers` may read its Secrets, `writers` may change what
    all tenants share there, by what they may change.
    """

    cluster: str
    project: str
    contents: dict[str, int]
    bindings: tuple[PublicBinding, ...]
    secrets: tuple[PublicSecret, ...]
    readers: tuple[SubjectRef, ...]
    writers: tuple[tuple[SubjectRef, tuple[str, ...]], ...]
    unread: tuple[str, ...] = ()
