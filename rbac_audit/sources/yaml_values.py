"""YAML values from libyaml's events, with what a manifest may not do refused on the way.

YAML 1.1 as PyYAML's CSafeLoader reads it, but timestamps and sexagesimal numbers stay texts, as in Kubernetes,
and a key is always a text.
"""

import math
import re

from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from rbac_audit.snapshot.reshape import Raw
from rbac_audit.sources import limits
from rbac_audit.sources.yaml_text import DocumentText

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
}
_INT = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset((_TAG + "int", _TAG + "float", _TAG + "bool", _TAG + "null"))


TOO_DEEP = f"nested deeper than {limits.DEPTH} levels"


class Refused(Exception):
    """Something that a manifest may not have; the message never quotes the content."""

    def __init__(self, problem: str, line: int) -> None:
        """Name the problem and its line in the document, from 0."""
        super().__init__(problem)
        self.problem, self.line = problem, line


def line_of(event: Event) -> int:
    """The line of an event in its document, from 0."""
    return event.start_mark.line if event.start_mark else 0


class Events:
    """The events of one document; knows how many collections are open."""

    def __init__(self, text: DocumentText) -> None:
        """Read nothing yet."""
        self._get = CParser(text).get_event
        self.open = 0
        self.last: Event | None = None

    @property
    def line(self) -> int:
        """The line of the last event, from 0."""
        return line_of(self.last) if self.last else 0

    def next(self) -> Event:
        """Take the next event."""
        event = self._get()
        if event is None:
            raise Refused("it ends in the middle of a value", self.line)
        self.last = event
        if isinstance(event, CollectionStartEvent):
            self.open += 1
        elif isinstance(event, CollectionEndEvent):
            self.open -= 1
        return event

    def close(self, level: int) -> None:
        """Skip events until no more than `level` collections are open."""
        while self.open > level:
            self.next()


class Values:
    """Builds values; `cost` grows with their nodes, those that an alias repeats included."""

    def __init__(self, events: Events) -> None:
        """Start at cost 0."""
        self._events = events
        self._anchors: dict[str, tuple[object, int]] = {}
        self._anchored = 0
        self.cost = 0

    def value(self, event: Event, depth: int) -> object:
        """Build the value that starts with this event."""
        before = self.cost
        value: object
        if isinstance(event, ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, AliasEvent):
            return self._alias(event)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            value = self._collection(event, depth + 1)
        else:
            raise Refused("a value expected", line_of(event))
        if event.anchor is not None:
            self._keep(event, value, self.cost - before)
        return value

    def key(self, event: Event) -> str:
        """Read a key of a mapping."""
        if not isinstance(event, ScalarEvent) or event.tag not in (None, "!", _TAG + "str"):
            raise Refused("a key must be a plain text", line_of(event))
        self._spend(1 + (len(event.value) >> 6), event)
        key: str = event.value
        if event.anchor is not None:
            self._keep(event, key, 1)
        return key

    def merge(self, fields: Raw, merged: object, line: int) -> None:
        """Add what the value of `<<` has and `fields` does not."""
        for source in merged if isinstance(merged, list) else [merged]:
            if not isinstance(source, dict):
                raise Refused("`<<` merges mappings only", line)
            self.cost += len(source)
            for key, value in source.items():
                fields.setdefault(key, value)

    def _spend(self, cost: int, event: Event) -> None:
        self.cost += cost
        if self.cost > limits.YAML_COST:
            problem = f"one object has over {limits.YAML_COST} values, counting what its aliases repeat"
            raise Refused(problem, line_of(event))

    def _keep(self, event: NodeEvent, value: object, cost: int) -> None:
        self._anchored += cost
        if len(self._anchors) >= limits.YAML_ANCHORS or self._anchored > limits.YAML_COST:
            raise Refused(f"over {limits.YAML_ANCHORS} anchors, or very large ones", line_of(event))
        self._anchors[str(event.anchor)] = value, cost

    def _alias(self, event: AliasEvent) -> object:
        if event.anchor is None or event.anchor not in self._anchors:
            raise Refused("an alias without an anchor before it", line_of(event))
        value, cost = self._anchors[event.anchor]
        self._spend(cost, event)
        return value

    def _collection(self, event: MappingStartEvent | SequenceStartEvent, depth: int) -> object:
        self.check(event, depth)
        return self._mapping(depth) if isinstance(event, MappingStartEvent) else self._sequence(depth)

    def check(self, event: MappingStartEvent | SequenceStartEvent, depth: int) -> None:
        """Refuse a collection that is too deep, or has a tag of its own."""
        if depth > limits.DEPTH:
            raise Refused(TOO_DEEP, line_of(event))
        self._spend(1, event)
        if event.tag not in (None, "!", _TAG + ("map" if isinstance(event, MappingStartEvent) else "seq")):
            raise Refused("a tag that manifests may not have", line_of(event))

    def _sequence(self, depth: int) -> list[object]:
        items = []
        while not isinstance(event := self._events.next(), SequenceEndEvent):
            items.append(self.value(event, depth))
        return items

    def _mapping(self, depth: int) -> Raw:
        fields: Raw = {}
        merges = []
        while not isinstance(event := self._events.next(), MappingEndEvent):
            key = self.key(event)
            value = self.value(self._events.next(), depth)
            if is_merge(event):
                merges.append((value, line_of(event)))
            elif key in fields:
                raise Refused("a key is given twice in one mapping", line_of(event))
            else:
                fields[key] = value
        for merged, line in merges:
            self.merge(fields, merged, line)
        return fields

    def _scalar(self, event: ScalarEvent) -> object:
        text: str = event.value
        self._spend(1 + (len(text) >> 6), event)
        tag = event.tag
        try:
            if tag is None:
                return _plain(text) if event.implicit[0] else text
            if tag in _PLAIN_TAGS:
                return _plain(text)
        except ValueError:
            raise Refused("a number that JSON cannot write", line_of(event)) from None
        if tag in ("!", _TAG + "str"):
            return text
        raise Refused("a tag that manifests may not have", line_of(event))


def is_merge(event: Event) -> bool:
    """Tell whether this is `<<` without quotes."""
    return isinstance(event, ScalarEvent) and event.value == "<<" and bool(event.implicit[0])


def _plain(text: str) -> object:
    """Resolve a scalar without quotes; ValueError for infinity, no-number and over 4,300 digits."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _INT.fullmatch(text):
        return _integer(text.replace("_", ""))
    if _FLOAT.fullmatch(text):
        value = float(text.replace("_", ""))
        if not math.isfinite(value):
            raise ValueError
        return value
    if _NO_NUMBER.fullmatch(text):
        raise ValueError
    return text


def _integer(text: str) -> int:
    sign, digits = (-1 if text[0] == "-" else 1), text.lstrip("+-")
    if digits[:2] in ("0b", "0x"):
        return sign * int(digits[2:], 2 if digits[1] == "b" else 16)
    return sign * int(digits, 8 if digits[0] == "0" else 10)
