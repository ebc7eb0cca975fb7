"""The journal of an apply: one JSON line for each intent and outcome, on the disk before anything goes on."""

import fcntl
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # backups are objects of an API server: untyped JSON

import msgspec

from rbac_audit.errors import BadInput, WrongUse
from rbac_audit.fix.plan import Plan, Target

_FIRST = b'{"event":"begin"'
_AGAIN = "name the journal that `rbac-audit fix apply` wrote"


class Event(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One line.

    `event` is begin (with the plan, and the mark of what is created), run (who applies from now on, with which version;
    `accounts` by cluster), backup (with an object as it was), ready (everything was checked), step, intent, outcome,
    rendered (in these namespaces), verified (by so many SubjectAccessReviews), done, undo (and why), undone, rollback
    (likewise who), rolled-back, left (what was not touched on the way back) or end. Checking and waiting are told, and
    not written down. `made` tells an object that was created from one that was there already.
    """

    event: str
    at: str = ""
    step: str = ""
    plan: Plan | None = None
    digest: str = ""
    write: str = ""
    target: Target | None = None
    uid: str = ""
    made: bool = False
    content: dict[str, Any] | None = None
    text: str = ""
    mark: str = ""
    tool: str = ""
    accounts: dict[str, str] = {}
    namespaces: tuple[str, ...] = ()
    reviews: int = 0


Tell = Callable[[Event], None]


def event_line(event: Event) -> str:
    """Write an event as a line of a log."""
    words = [event.at, f"step {event.step}:" if event.step else "", event.event, event.write]
    words.append(f"{event.target} on {event.target.cluster}" if event.target else "")
    words += [f"as {account or 'an account that is not told'} on {name}" for name, account in event.accounts.items()]
    words.append(f"in {', '.join(event.namespaces)}" if event.namespaces else "")
    words += [f"by {event.reviews} SubjectAccessReviews" if event.event == "verified" else "", event.text]
    return " ".join(word for word in words if word)


def silent(_: Event) -> None:
    """Tell nobody."""


class Told(msgspec.Struct, frozen=True):
    """What a journal holds: its whole lines, and whether what ended a run cut one off behind them."""

    events: tuple[Event, ...]
    cut: bool = False


def read_journal(path: Path) -> Told | None:
    """Read a journal that somebody may be writing; None for a file that is none or cannot be read. Raises BadInput."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return _told(content, path) if content.startswith(_FIRST) else None


class Journal:
    """An open journal, locked: nobody else can write to it, nor apply the same plan beside it."""

    def __init__(self, path: Path, tell: Tell = silent, *, create: bool = True) -> None:
        """Open and lock; raises WrongUse when somebody else has it, BadInput when it is no journal."""
        self.path, self._tell = path, tell
        flags = os.O_RDWR | os.O_APPEND | (os.O_CREAT if create else 0)
        try:
            # It holds objects as they were, so it is for its owner only.
            self._file = os.open(path, flags, 0o600)
        except OSError as error:
            raise WrongUse("journal", str(path), f"it cannot be opened ({error.strerror})", "check the path") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            problem = "another run of rbac-audit fix has it open"
            raise WrongUse("journal", str(path), problem, "wait until that has ended") from None
        content = path.read_bytes()
        self.events = list(_told(content, path).events)
        os.ftruncate(self._file, content.rfind(b"\n") + 1)

    def say(self, event: Event) -> None:
        """Append one line and wait until it is on the disk."""
        event = _dated(event)
        os.write(self._file, msgspec.json.encode(event) + b"\n")
        os.fsync(self._file)
        self.events.append(event)
        self._tell(event)

    def tell(self, event: Event) -> None:
        """Tell what is going on, without writing it down."""
        self._tell(_dated(event))

    def close(self) -> None:
        """Let go of it."""
        os.close(self._file)

    # -- what it tells

    @property
    def plan(self) -> Plan | None:
        """The plan that is applied."""
        return next((event.plan for event in self.events if event.plan), None)

    @property
    def digest(self) -> str:
        """The digest of the plan, "" for an empty journal."""
        return next((event.digest for event in self.events if event.event == "begin"), "")

    @property
    def mark(self) -> str:
        """The mark of what this apply creates: the plan, and which apply of it; an earlier version had no marks."""
        return next((event.mark or event.digest[:16] for event in self.events if event.event == "begin"), "")

    def has(self, event: str) -> bool:
        """Tell whether something was ever said."""
        return any(item.event == event for item in self.events)

    def state(self, step: str) -> str:
        """Say what became of a step: "", step (begun), done, undo (being taken back), undone or rolled-back."""
        words = {"step", "done", "undo", "undone", "rolled-back"}
        return next((item.event for item in reversed(self.events) if item.step == step and item.event in words), "")

    def intended(self, step: str, target: Target) -> bool:
        """Tell whether a write of a step was about to be sent."""
        return any(item.event == "intent" and item.step == step and item.target == target for item in self.events)

    def made(self, step: str, target: Target) -> str:
        """Return the uid of what a step created, "" where it did not."""
        found = (item for item in self.events if item.event == "outcome" and item.step == step)
        return next((item.uid for item in found if item.target == target and item.made), "")

    def backup(self, target: Target) -> dict[str, Any] | None:
        """Return an object as it was before everything."""
        return next((item.content for item in self.events if item.event == "backup" and item.target == target), None)


def _dated(event: Event) -> Event:
    at = datetime.fromtimestamp(time.time(), tz=UTC).isoformat(timespec="milliseconds")
    return msgspec.structs.replace(event, at=at)


def _told(content: bytes, path: Path) -> Told:
    whole = content.rfind(b"\n") + 1
    events: list[Event] = []
    for number, line in enumerate(content[:whole].splitlines(), 1):
        try:
            events.append(msgspec.json.decode(line, type=Event))
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadInput("journal", f"{path}, line {number}", str(error), _AGAIN) from None
    if (events and events[0].event != "begin") or (content and not events and whole):
        raise BadInput("journal", str(path), "it does not begin with a plan", _AGAIN)
    return Told(tuple(events), cut=whole < len(content))
