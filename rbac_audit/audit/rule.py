"""A rule: what it is called, how bad it is, what it needs to have read, and its check."""

from collections.abc import Callable, Iterator
from enum import Enum

import msgspec

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Severity
from rbac_audit.snapshot.objects import KubernetesObject, ObjectRef, Subject


class On(Enum):
    """Which clusters a rule looks at: where tenants work, where Rancher's objects are, or both."""

    HARVESTER = "harvester"
    MANAGEMENT = "management"
    ALL = "all"

    def takes(self, view: View) -> bool:
        """Tell whether a cluster is one of those."""
        match self:
            case On.HARVESTER:
                return view.role != "management"
            case On.MANAGEMENT:
                return view.manages
            case On.ALL:
                return True


class Problem(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What a check yields: the evidence; the rule adds the rest.

    `target` is the object to change. `severity`, `confidence` and `fix` override the rule's. `key` tells apart two
    problems of one object and the same subjects. `advisories` are the ids of what was published about the object.
    """

    target: ObjectRef
    message: str
    related: tuple[ObjectRef, ...] = ()
    subjects: tuple[Subject, ...] = ()
    scope: FindingScope = FindingScope()
    chain: tuple[Link, ...] = ()
    severity: Severity | None = None
    confidence: Confidence = Confidence.CERTAIN
    fix: Fix | None = None
    key: str = ""
    advisories: tuple[str, ...] = ()


Check = Callable[[View], Iterator[Problem]]


class Rule(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One rule.

    Without any of its `needs`, or without all of its `uses`, it is not evaluated on a cluster; without some of its
    `uses`, or of what it `asks_for` because of what is there, in part. `needs_rancher` are types that the managing
    Rancher must have shown, `uses_rancher` types without which, where a Rancher was read, it is evaluated in part.
    `public` says that the rule is about harvester-public.
    `concerns` tells whether a cluster has anything that the rule is about: of any other it says nothing, read or not.
    `undecided` says why a cluster whose objects were read cannot be judged nevertheless, "" where it can.
    `page` is Markdown: the title in the first line, then sections What, Why and Example.
    """

    id: str
    page: str
    severity: Severity
    on: On = On.HARVESTER
    needs: tuple[type[KubernetesObject], ...] = ()
    uses: tuple[type[KubernetesObject], ...] = ()
    asks_for: Callable[[View], tuple[type[KubernetesObject], ...]] = lambda _: ()
    needs_rancher: tuple[type[KubernetesObject], ...] = ()
    uses_rancher: tuple[type[KubernetesObject], ...] = ()
    public: bool = False
    concerns: Callable[[View], bool] = lambda _: True
    undecided: Callable[[View], str] = lambda _: ""
    fix: Fix
    references: tuple[str, ...] = ()
    check: Check

    def is_about(self, view: View) -> bool:
        """Tell whether the rule looks at a cluster, where that was read."""
        return self.on.takes(view) and self.concerns(view)

    @property
    def title(self) -> str:
        """The first line of the page."""
        return self.page.strip().partition("\n")[0].rstrip(".")

    @property
    def why(self) -> str:
        """The section Why of the page, as one paragraph."""
        return " ".join(self.section("Why").split())

    def section(self, name: str) -> str:
        """Return the text under `## name`, "" where the page has no such section."""
        _, found, rest = f"\n{self.page}".partition(f"\n## {name}\n")
        return rest.partition("\n## ")[0].strip() if found else ""
