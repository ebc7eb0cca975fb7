"""Where access policies come from: the shipped folder and those of the user, read strictly."""

import difflib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

import msgspec

from rbac_audit.audit.capabilities import CapabilitySpec, parse_capabilities
from rbac_audit.audit.judge_policy import rule_of
from rbac_audit.audit.policy import API_VERSION, AccessPolicy, parse_policy
from rbac_audit.audit.rule import Rule
from rbac_audit.errors import BadPolicy
from rbac_audit.resources import policies_dir
from rbac_audit.rules import RULES
from rbac_audit.snapshot.reshape import Raw
from rbac_audit.sources.documents import Document, Problem
from rbac_audit.sources.yaml_reader import read_yaml

_POLICY, _CAPABILITIES = "AccessPolicy", "Capabilities"
_ADVICE = "name the folder that holds the *.yaml files"


class PolicyFile(msgspec.Struct, frozen=True):
    """One access policy with the place it was read from."""

    policy: AccessPolicy
    where: str


def load_policies(folders: Iterable[Path] = ()) -> tuple[tuple[Rule, ...], tuple[CapabilitySpec, ...]]:
    """Read the shipped policies and those of more folders: the rules sorted by id, the capabilities in order.

    Raises BadPolicy with file, line or path, and the nearest word that exists.
    """
    documents = [item for folder in (policies_dir(), *folders) for item in _documents(folder)]
    policies = _policies(documents)
    taken = {rule.id for rule in RULES}
    for item in policies:
        if (name := item.policy.metadata.name) in taken:
            raise BadPolicy("access policy", item.where, f"there is a rule {name}", "give it another metadata.name")
    return tuple(rule_of(item.policy) for item in policies), _capabilities(documents)


def read_policies(folder: Path) -> tuple[PolicyFile, ...]:
    """Read the access policies of one folder, sorted by id; raises BadPolicy."""
    return _policies(_documents(folder))


def _policies(documents: Iterable[tuple[Raw, str]]) -> tuple[PolicyFile, ...]:
    found: dict[str, PolicyFile] = {}
    for raw, where in documents:
        if raw["kind"] == _POLICY:
            item = PolicyFile(parse_policy(raw, where), where)
            name = item.policy.metadata.name
            if name in found:
                problem = f"policy {name} is already defined in {found[name].where}"
                raise BadPolicy("access policy", where, problem, "give it another metadata.name")
            found[name] = item
    return tuple(found[name] for name in sorted(found))


def _capabilities(documents: Iterable[tuple[Raw, str]]) -> tuple[CapabilitySpec, ...]:
    found: dict[str, CapabilitySpec] = {}
    for raw, where in documents:
        if raw["kind"] == _CAPABILITIES:
            for item in parse_capabilities(raw, where):
                if item.name in found:
                    raise BadPolicy("capabilities", where, f"{item.name} is defined twice", "give it another name")
                found[item.name] = item
    return tuple(found.values())


def _documents(folder: Path) -> Iterator[tuple[Raw, str]]:
    if not folder.is_dir():
        raise BadPolicy("policies", str(folder), "is not a folder", _ADVICE)
    found = 0
    for path in sorted(_files(folder)):
        if path.suffix in {".yaml", ".yml"} and path.is_file():
            for document in _of_file(path, str(path.relative_to(folder.parent))):
                found += 1
                yield document
    if not found:
        # Else a policy that was looked for elsewhere would look kept.
        raise BadPolicy("policies", str(folder), "holds no policy", _ADVICE)


def _files(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> NoReturn:
        raise BadPolicy("policies", str(error.filename), f"cannot be read ({error.strerror})", "check its permissions")

    # Path.rglob passes over a folder that it may not read.
    for place, _, names in os.walk(folder, onerror=refuse):
        yield from (Path(place, name) for name in names)


def _of_file(path: Path, name: str) -> Iterator[tuple[Raw, str]]:
    """Read the documents of our kinds; those of other APIs, such as a guard's, are passed over."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadPolicy("policy file", name, "cannot be read as UTF-8 text", "save it again") from error
    for part in read_yaml(iter((text,)), name):
        if isinstance(part, Document):
            if _is_ours(part.raw, str(part.place)):
                yield part.raw, str(part.place)
        elif isinstance(part, Problem):
            raise BadPolicy("policy file", str(part.place), part.text, "see docs/policies.md")


def _is_ours(raw: Raw, where: str) -> bool:
    version, kind = raw.get("apiVersion"), raw.get("kind")
    if not isinstance(version, str) or not isinstance(kind, str):
        raise BadPolicy("policy file", where, "a document without apiVersion or kind", f"write {_POLICY}")
    if version == API_VERSION and kind not in (_POLICY, _CAPABILITIES):
        near = difflib.get_close_matches(kind, (_POLICY, _CAPABILITIES), n=1)
        advice = f"did you mean {near[0]}" if near else f"one of: {_POLICY}, {_CAPABILITIES}"
        raise BadPolicy("policy file", where, f"no kind {kind} in {API_VERSION}", advice)
    return kind in (_POLICY, _CAPABILITIES)
