"""Access policies: who alone may do what where, in YAML, decoded strictly."""

import difflib
import re
from collections.abc import Iterable
from typing import Literal

import msgspec

from rbac_audit.access.permission import Permission
from rbac_audit.audit.classes import NAMESPACE_CLASSES, SUBJECT_CLASSES
from rbac_audit.audit.finding import Confidence, Fix, Safety, Severity
from rbac_audit.audit.rule import On
from rbac_audit.errors import BadPolicy
from rbac_audit.snapshot.objects import LabelSelector, Requirement

API_VERSION = "rbac-audit/v1"
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SUBJECT_KINDS = frozenset({"User", "Group", "ServiceAccount"})


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Base of the policy's parts: an unknown key is an error."""


class PolicyPermission(_Strict, frozen=True, kw_only=True):
    """Verbs on resources, or on URLs; `severity` overrides that of the policy.

    A rule that is limited to names counts where it has one of `names`, or any name with `named: true`.
    """

    verbs: tuple[str, ...]
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    named: bool = False
    non_resource_urls: tuple[str, ...] = msgspec.field(name="nonResourceURLs", default=())
    allowed: tuple[str, ...] = ()
    severity: Severity | None = None

    @property
    def grants_nothing(self) -> bool:
        """Tell whether it lacks verbs, or anything that they act on."""
        return not self.verbs or not (self.non_resource_urls or (self.api_groups and self.resources))

    def each(self) -> tuple[Permission, ...]:
        """List the single permissions; for resources, the bare one and one for each name."""
        urls = tuple(Permission(verb, path=url) for verb in self.verbs for url in self.non_resource_urls)
        return urls + tuple(
            Permission(verb, group, resource, name)
            for verb in self.verbs
            for group in self.api_groups
            for resource in self.resources
            for name in ("", *self.names)
        )


class _Requirement(_Strict, frozen=True, kw_only=True):
    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()


class Selector(_Strict, frozen=True, kw_only=True):
    """A label selector, read more strictly than in a manifest: a misspelt key would select everything."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[_Requirement, ...] = ()

    @property
    def selector(self) -> LabelSelector:
        """The selector as the access engine knows it."""
        requirements = (
            Requirement(key=it.key, operator=it.operator, values=it.values) for it in self.match_expressions
        )
        return LabelSelector(match_labels=self.match_labels, match_expressions=tuple(requirements))


class Where(_Strict, frozen=True, kw_only=True):
    """In which namespaces a policy holds: a class of them, names, or a label selector."""

    namespaces: str | tuple[str, ...] | Selector = "all"


class Metadata(_Strict, frozen=True, kw_only=True):
    """The policy's id."""

    name: str


class Example(_Strict, frozen=True, kw_only=True):
    """Manifests of one small cluster, and optionally of its Rancher, that the policy flags or does not."""

    title: str
    manifests: tuple[dict[str, object], ...]
    rancher: tuple[dict[str, object], ...] = ()


class Examples(_Strict, frozen=True, kw_only=True):
    """What the policy flags, and what it does not."""

    flagged: tuple[Example, ...]
    clean: tuple[Example, ...]


class PolicySpec(_Strict, frozen=True, kw_only=True):
    """What a policy says; `allOf` joins permissions that are dangerous only together."""

    title: str
    severity: Severity
    confidence: Confidence = Confidence.CERTAIN
    on: On = On.HARVESTER
    permissions: tuple[PolicyPermission, ...] = ()
    all_of: tuple[PolicyPermission, ...] = ()
    where: Where = Where()
    allowed: tuple[str, ...] = ()
    message: str
    why: str
    fix: Fix
    references: tuple[str, ...] = ()
    examples: Examples


class AccessPolicy(_Strict, frozen=True, kw_only=True):
    """One policy file."""

    api_version: str
    kind: str
    metadata: Metadata
    spec: PolicySpec


def parse_policy(raw: object, where: str) -> AccessPolicy:
    """Decode one policy document; `where` names its file.

    Raises BadPolicy with the file, the path in it and, for an unknown key or word, the nearest one that exists.
    """
    try:
        policy = msgspec.convert(raw, AccessPolicy)
    except msgspec.ValidationError as error:
        raise BadPolicy("access policy", where, str(error), _nearest(str(error))) from error
    if policy.api_version != API_VERSION or policy.kind != "AccessPolicy":
        raise BadPolicy(
            "access policy",
            where,
            f"it is a {policy.kind} of {policy.api_version}",
            f"write AccessPolicy of {API_VERSION}",
        )
    if not _NAME.fullmatch(policy.metadata.name):
        place = f"{where}: $.metadata.name"
        raise BadPolicy("access policy", place, "is not lower case words joined by dashes", "write it like vm-console")
    _check_permissions(policy.spec, where)
    _check_words(policy.spec, where)
    return policy


def _check_permissions(spec: PolicySpec, where: str) -> None:
    if bool(spec.permissions) == bool(spec.all_of):
        raise BadPolicy("access policy", f"{where}: $.spec", "needs either permissions or allOf")
    for field, entries in (("permissions", spec.permissions), ("allOf", spec.all_of)):
        for number, entry in enumerate(entries):
            if entry.grants_nothing:
                place = f"{where}: $.spec.{field}[{number}]"
                raise BadPolicy("access policy", place, "needs verbs, and apiGroups with resources or nonResourceURLs")


def _check_words(spec: PolicySpec, where: str) -> None:
    place = f"{where}: $.spec.allowed"
    for name in (*spec.allowed, *(name for entry in (*spec.permissions, *spec.all_of) for name in entry.allowed)):
        kind, colon, _ = name.partition(":")
        if colon and kind not in _SUBJECT_KINDS:
            advice = "write User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME"
            raise BadPolicy("access policy", place, f"no class or subject {name}", advice)
        if not colon and name not in SUBJECT_CLASSES:
            raise BadPolicy("access policy", place, f"no class {name}", _like(name, SUBJECT_CLASSES))
    chosen = spec.where.namespaces
    if isinstance(chosen, str) and chosen not in NAMESPACE_CLASSES:
        place = f"{where}: $.spec.where.namespaces"
        raise BadPolicy("access policy", place, f"no class {chosen}", _like(chosen, NAMESPACE_CLASSES))


def _keys(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(kind))


_ALL_KEYS = tuple(
    dict.fromkeys(
        key
        for kind in (AccessPolicy, PolicySpec, PolicyPermission, Where, Selector, Metadata, Example, Examples, Fix)
        for key in _keys(kind)
    )
)


def _nearest(error: str) -> str:
    if found := re.search("unknown field `(.*?)`", error):
        return _like(found[1], _ALL_KEYS)
    if found := re.search("Invalid enum value '(.*?)'", error):
        return _like(found[1], [word.value for kind in (Severity, Confidence, On, Safety) for word in kind])
    return "see docs/policies.md"


def _like(word: str, known: Iterable[str]) -> str:
    options = tuple(known)
    found = difflib.get_close_matches(word, options, n=1)
    return f"did you mean {found[0]}" if found else f"one of: {', '.join(options)}"
