"""What an apply or a rollback did, for the review of the change; its JSON is these values."""

from enum import Enum

from rbac_audit.fix.plan import Consent, Effect, Refusal, Target, Tool, Value

FORMAT = "rbac-audit/change-record/v1"


class State(Enum):
    """What became of a step, or of one write; unknown is what the journal does not tell the end of."""

    DONE = "done"
    UNKNOWN = "unknown"
    TAKEN_BACK = "taken back"
    PARTLY_TAKEN_BACK = "partly taken back"
    ROLLED_BACK = "rolled back"
    PARTLY_ROLLED_BACK = "partly rolled back"
    LEFT_OUT = "left out"
    NOT_BEGUN = "not begun"


class Written(Enum):
    """Whether a write is known to have taken effect; found: what was to be created was there already."""

    DONE = "done"
    FOUND = "found"
    UNKNOWN = "unknown"


class Account(Value, frozen=True, kw_only=True):
    """As whom somebody wrote to a cluster, "" where the server did not tell."""

    cluster: str
    name: str


class Session(Value, frozen=True, kw_only=True):
    """One run of the command, from its first line to its last; `ended` tells that it came to its end by itself."""

    command: str
    began: str
    last: str
    ended: bool
    version: str = ""
    accounts: tuple[Account, ...] = ()


class Write(Value, frozen=True, kw_only=True):
    """One write: create, change, delete, or on the way back restore and take-away."""

    at: str
    write: str
    object: Target
    state: Written
    uid: str = ""


class Verified(Value, frozen=True, kw_only=True):
    """When SubjectAccessReviews confirmed everything that is to be kept, and how many."""

    at: str
    reviews: int


class StepRecord(Value, frozen=True, kw_only=True):
    """One step of the plan; `because` says why it was left out or taken back, `left` what was not touched, and why."""

    id: str
    action: str
    title: str
    rules: tuple[str, ...]
    state: State
    because: tuple[str, ...]
    consent: Consent
    effects: tuple[Effect, ...]
    writes: tuple[Write, ...]
    rendered: tuple[str, ...]
    verified: tuple[Verified, ...]
    left: tuple[str, ...]


class Planned(Value, frozen=True, kw_only=True):
    """Which plan; `snapshot` is the digest of what it was made from."""

    digest: str
    snapshot: str
    version: str
    cluster: str
    cluster_id: str
    management: str
    model: str
    allow_gain: str


class Counts(Value, frozen=True, kw_only=True):
    """The steps by state, what was written, and how often access was asked for."""

    steps: dict[str, int]
    writes: int
    unknown_writes: int
    reviews: int


class Record(Value, frozen=True, kw_only=True):
    """A change record; `cut` tells that the last line of the journal is not whole.

    `stands` is what of the plan is in force now, as far as this journal tells; `roll_back` is the command that takes it
    back, "" where nothing is to be taken back.
    """

    format: str = FORMAT
    tool: Tool
    cut: bool
    plan: Planned
    counts: Counts
    sessions: tuple[Session, ...]
    steps: tuple[StepRecord, ...]
    refused: tuple[Refusal, ...]
    unread: tuple[str, ...]
    stands: tuple[str, ...]
    roll_back: str
