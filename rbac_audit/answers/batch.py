"""Many questions at once: JSON lines in, JSON lines out, and access tests where a line says what it expects."""

from collections.abc import Iterable, Iterator

import msgspec

from rbac_audit.access import Identity, Permission
from rbac_audit.access.identity import account_of
from rbac_audit.answers.access import identity_of, through
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of
from rbac_audit.audit.finding import Link
from rbac_audit.errors import BadInput
from rbac_audit.snapshot.objects import Subject


class Question(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One question: the attributes of a SubjectAccessReview, or a verb on a URL path.

    With `groups`, exactly these count; without, those that every request carries and those that Rancher knows.
    """

    user: str
    groups: tuple[str, ...] | None = None
    verb: str
    api_group: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""
    expect: bool | None = None

    @property
    def permission(self) -> Permission:
        """What is asked for."""
        if self.path:
            return Permission(self.verb, path=self.path)
        resource = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        return Permission(self.verb, self.api_group, resource, self.name)


class BatchAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to one line; `ok` is there when the line said what it expects."""

    subject: str
    allowed: bool
    chain: tuple[Link, ...] = ()
    expect: bool | None = None
    ok: bool | None = None


def parse_questions(lines: Iterable[str], where: str) -> tuple[Question, ...]:
    """Decode JSON lines, empty ones left out; raises BadInput with the number of the first bad line."""
    found: list[Question] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            question = msgspec.json.decode(line, type=Question)
        except (msgspec.DecodeError, UnicodeError) as error:
            advice = 'for example {"user": "u-alice", "verb": "get", "resource": "secrets", "namespace": "shop"}'
            raise BadInput("question", f"{where}, line {number}", str(error), advice) from error
        if problem := _problem(question):
            raise BadInput("question", f"{where}, line {number}", *problem)
        found.append(question)
    return tuple(found)


def _problem(question: Question) -> tuple[str, str] | None:
    """Say what is wrong with a question and what to do; the API server takes a resource and its subresource apart."""
    if bool(question.path) == bool(question.resource):
        return "it needs either resource or path", "state one of them"
    if "/" in question.resource:
        resource, _, subresource = question.resource.partition("/")
        problem = f"resource {question.resource} holds a subresource"
        return problem, f'write "resource": "{resource}", "subresource": "{subresource}"'
    return None


def answer_all(view: View, questions: Iterable[Question]) -> Iterator[BatchAnswer]:
    """Answer in order, each with the first chain that allows it."""
    identities: dict[str, Identity] = {}
    for question in questions:
        if question.groups is not None:
            who = Identity(question.user, question.groups)
        else:
            who = identities.get(question.user) or identities.setdefault(question.user, _identity(view, question.user))
        grant = next(view.access.grants(who, question.permission, question.namespace), None)
        allowed = grant is not None
        yield BatchAnswer(
            subject=_name(question.user),
            allowed=allowed,
            chain=chain_of(view, grant, through(who, grant)) if grant else (),
            expect=question.expect,
            ok=None if question.expect is None else question.expect == allowed,
        )


def _identity(view: View, user: str) -> Identity:
    return identity_of(view, _subject(user))


def _subject(user: str) -> Subject:
    account = account_of(user)
    if account:
        return Subject(kind="ServiceAccount", name=account[1], namespace=account[0])
    return Subject(kind="User", name=user)


def _name(user: str) -> str:
    return str(_subject(user))
