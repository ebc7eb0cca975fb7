"""YAML in pieces: document by document, Lists item by item, straight from libyaml's events.

No tree of nodes is built, so memory follows the largest item; aliases, depth and size are counted as they come.
"""

from collections.abc import Iterator

import yaml
from yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from rbac_audit.snapshot.reshape import Raw
from rbac_audit.sources import limits
from rbac_audit.sources.documents import Document, ListItems, Part, Place, Problem
from rbac_audit.sources.yaml_text import DocumentText, TooLarge
from rbac_audit.sources.yaml_values import TOO_DEEP, Events, Refused, Values, is_merge, line_of


def read_yaml(chunks: Iterator[str], file: str) -> Iterator[Part]:
    """Read all documents of a text; an error ends its document, not the others."""
    text = DocumentText(chunks)
    number, more = 1, True
    while more:
        reader = _Reader(text, Place(file, number, text.line))
        yield from reader.parts()
        number += reader.found
        more = text.next_document()


class _Reader:
    """Reads one document; `found` when there was any."""

    def __init__(self, text: DocumentText, place: Place) -> None:
        self._text, self._place = text, place
        self._events = Events(text)
        self._values = Values(self._events)
        self.found = False

    def parts(self) -> Iterator[Part]:
        """Yield what the document holds; when it is broken, that is the last part."""
        try:
            yield from self._document()
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line if error.problem_mark else self._events.line
            deep = error.problem == "exceeded maximum nesting depth"
            yield self._lost(line, TOO_DEEP if deep else f"no valid YAML ({error.problem})")
        except yaml.YAMLError:
            # Its text quotes the character, which may be part of a secret.
            line = self._text.line_not_printable() - self._place.line
            yield self._lost(line, "no valid YAML (a character that YAML does not allow)")
        except TooLarge:
            size = limits.ITEM_BYTES // limits.MIB
            yield self._lost(self._events.line, f"one item or document is larger than {size} MiB")
        except Refused as refused:
            yield self._lost(refused.line, refused.problem)

    def _at(self, line: int, item: int = 0) -> Place:
        # At its end libyaml counts a line that is not there.
        line = min(self._place.line + line, self._text.line)
        return Place(self._place.file, self._place.document, line, item)

    def _lost(self, line: int, problem: str) -> Problem:
        self.found = True
        return Problem(self._at(line), problem, rest_lost=True)

    def _document(self) -> Iterator[Part]:
        self._events.next()
        if isinstance(self._events.next(), StreamEndEvent):
            return
        root = self._events.next()
        if isinstance(root, MappingStartEvent):
            self.found = True
            self._values.check(root, 1)
            yield from self._root(self._at(line_of(root)))
        elif self._values.value(root, 0) is not None:
            raise Refused("a manifest must be a mapping", line_of(root))
        # Else what follows a complete value without `---` would be lost in silence: libyaml looks for it only now.
        while not isinstance(event := self._events.next(), StreamEndEvent):
            if isinstance(event, DocumentStartEvent):
                # YAML knows more line ends than those at which a stream is cut, here and in kubectl.
                raise Refused("a document whose `---` follows no line feed", line_of(event))

    def _root(self, place: Place) -> Iterator[Part]:
        fields: Raw = {}
        merges: list[tuple[object, int]] = []
        listed: ListItems | None = None
        while not isinstance(key_event := self._events.next(), MappingEndEvent):
            line, key = line_of(key_event), self._values.key(key_event)
            if key in fields or (key == "items" and listed):
                raise Refused("a key is given twice in one mapping", line)
            event = self._events.next()
            if key == "items" and isinstance(event, SequenceStartEvent):
                listed = ListItems()
                yield from self._items(listed)
            elif is_merge(key_event):
                merges.append((self._values.value(event, 1), line))
            else:
                fields[key] = self._values.value(event, 1)
        # What a mapping says itself counts, wherever it stands.
        for merged, line in merges:
            self._values.merge(fields, merged, line)
        yield from listed.end(fields, place) if listed else [Document(fields, place)]

    def _items(self, listed: ListItems) -> Iterator[Part]:
        level, cost = self._events.open, self._values.cost
        while not isinstance(event := self._events.next(), SequenceEndEvent):
            self._values.cost = 0
            place = self._at(line_of(event), listed.count + 1)
            try:
                value = self._values.value(event, 2)
            except Refused as refused:
                listed.count += 1
                self._events.close(level)
                yield Problem(self._at(refused.line, place.item), refused.problem)
            else:
                yield from listed.add(value, place)
            self._text.allow()
        self._values.cost = cost
