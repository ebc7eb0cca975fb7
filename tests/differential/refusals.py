"""What the server says to a write of a role or binding, and what we say, in the same words."""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus

from rbac_audit.access.escalation import breakdown
from rbac_audit.answers.grant import GrantAnswer
from rbac_audit.snapshot.objects import PolicyRule
from tests.access.manifests import Manifest
from tests.access.worlds import typed
from tests.controlplane.connections import Response

# pkg/apis/rbac/v1 CompactString: {APIGroups:[""], Resources:["pods"], ResourceNames:["web"], Verbs:["get" "list"]}
_FIELD = re.compile(r'(\w+):\[((?: ?"(?:[^"\\]|\\.)*")*)\]')
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"')
_NAMES = {
    "APIGroups": "apiGroups",
    "Resources": "resources",
    "ResourceNames": "resourceNames",
    "NonResourceURLs": "nonResourceURLs",
    "Verbs": "verbs",
}
GRANTS_MORE = "is attempting to grant RBAC permissions not currently held:\n"
AGGREGATES = "must have cluster-admin privileges to use the aggregationRule"


@dataclass(frozen=True)
class Outcome:
    """`missing` are the single rights that would be handed out without being held."""

    said: str
    missing: frozenset[PolicyRule] = frozenset()


def said_by(response: Response) -> Outcome:
    """Read the server's answer; raises ValueError for one that has nothing to do with rights."""
    message = str(response.body.get("message", ""))
    if response.status < HTTPStatus.BAD_REQUEST:
        return Outcome("allowed")
    if GRANTS_MORE in message:
        return Outcome("grants more", missing_in(message))
    for part, said in {
        AGGREGATES: "aggregates",
        " cannot create resource ": "no write",
        " cannot update resource ": "no write",
        " cannot patch resource ": "no write",
        " not found": "no role",
        "cannot change roleRef": "other role",
    }.items():
        if part in message:
            return Outcome(said)
    raise ValueError(f"{response.status} {message}")


def missing_in(message: str) -> frozenset[PolicyRule]:
    """Read the rules that a refusal lists, one a line, as single rights."""
    lines = message.partition(GRANTS_MORE)[2].splitlines()
    return frozenset(atom for line in lines for atom in breakdown(typed(_rule(line))))


def _rule(line: str) -> Manifest:
    return {_NAMES[name]: list(map(json.loads, _WORD.findall(words))) for name, words in _FIELD.findall(line)}


def said_by_us(answer: GrantAnswer) -> Outcome:
    """Read our answer: what the server comes to first counts."""
    if answer.allowed:
        return Outcome("allowed")
    if answer.needs:
        return Outcome("no write")
    if "aggregationRule" in answer.because:
        return Outcome("aggregates")
    if answer.missing:
        return Outcome("grants more", frozenset(answer.missing))
    return Outcome("no role" if "does not exist" in answer.because else "other role")
