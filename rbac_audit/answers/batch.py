"""Many questions at once: JSON lines in, JSON lines out, and access tests where a line says what it expects."""

from collections.abc import Iterable, Iterator
from functools import cache, partial

import msgspec

from rbac_audit.access import Identity, Permission
from rbac_audit.answers.access import identity_of, request_namespace, subject_of, through
from rbac_audit.answers.slips import absent, unlikely
from rbac_audit.answers.unread import unread, unread_groups
from rbac_audit.answers.words import doubts
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of
from rbac_audit.audit.finding import Link
from rbac_audit.errors import BadInput
from rbac_audit.snapshot.objects import Subject


class Question(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One question: the attributes of a SubjectAccessReview, or a verb on a URL path.

    With `groups`, exactly these count; without, those that every request carries and those that Rancher knows. So does
    a `namespace`, be it "" for none; without one, it is that which such a request carries.
    """

    user: str
    groups: tuple[str, ...] | None = None
    verb: str
    api_group: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    namespace: str | msgspec.UnsetType = msgspec.UNSET
    path: str = ""
    expect: bool | None = None

    @property
    def permission(self) -> Permission:
        """What is asked for."""
        if self.path:
            return Permission(self.verb, path=self.path)
        resource = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        return Permission(self.verb, self.api_group, resource, self.name)

    @property
    def place(self) -> str:
        """The namespace of the request, "" for none."""
        if self.path:
            return ""
        return request_namespace(self.permission, "") if self.namespace is msgspec.UNSET else self.namespace


class BatchAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to one line; `ok` is there when the line said what it expects.

    `complete` is there, and false, when what was not read could change the answer; `notes` name words of the line that
    are not known here, and who cannot make a request.
    """

    subject: str
    allowed: bool
    complete: bool = True
    chain: tuple[Link, ...] = ()
    expect: bool | None = None
    ok: bool | None = None
    notes: tuple[str, ...] = ()


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
    asking = cache(partial(_asking, view))
    blind = cache(lambda namespace: bool(unread(view, (namespace,))))
    slips_of_request = cache(lambda permission: tuple(doubts(permission, view.access.named)))
    slips_of_place = cache(lambda namespace: tuple(absent(view, (namespace,))))
    for question in questions:
        subject, known, more_groups, slips = asking(question.user)
        who = known if question.groups is None else Identity(question.user, question.groups)
        namespace = question.place
        grant = next(view.access.grants(who, question.permission, namespace), None)
        allowed = grant is not None
        yield BatchAnswer(
            subject=str(subject),
            allowed=allowed,
            complete=allowed or not (blind(namespace) or (question.groups is None and more_groups)),
            chain=chain_of(view, grant, through(who, grant)) if grant else (),
            expect=question.expect,
            ok=None if question.expect is None else question.expect == allowed,
            notes=(*slips, *slips_of_place(namespace), *slips_of_request(question.permission)),
        )


def _asking(view: View, user: str) -> tuple[Subject, Identity, bool, tuple[str, ...]]:
    """Say who a user name is, with the groups that are known, whether there may be more of them, and what is odd."""
    subject = subject_of(user)
    return subject, identity_of(view, subject), bool(unread_groups(view, subject)), tuple(unlikely(view, subject))
