"""A SOURCE as it stands on the command line."""

import re

import msgspec

from rbac_audit.errors import WrongUse

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class SourceSpec(msgspec.Struct, frozen=True):
    """A path, or `-` for standard input, and the cluster that it is of; no name means that the source says it."""

    path: str
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> "SourceSpec":
        """Split `[NAME=]PATH`; a path that itself looks like NAME=PATH is written `./a=b`."""
        name, separator, path = text.partition("=")
        if not separator or not _NAME.fullmatch(name):
            name, path = "", text
        if not path:
            raise WrongUse("source", text or "''", "there is no path", "write [NAME=]PATH")
        return cls(path, name)
