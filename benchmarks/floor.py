"""The least that any audit must do: decode the same bytes into the same types, and keep them. Prints how many."""

import sys
from pathlib import Path
from types import GenericAlias

import msgspec

from rbac_audit.snapshot.objects import KINDS, Kind, KubernetesObject


def decoder(kind: Kind) -> msgspec.json.Decoder[msgspec.Struct]:
    """Make the decoder of a List of one kind, as kubectl prints it."""
    return msgspec.json.Decoder(msgspec.defstruct("Listed", [("items", GenericAlias(tuple, (kind, ...)))]))


DECODERS = {f"{kind.plural}.{kind.group}.json".replace("..", "."): decoder(kind) for kind in KINDS}


def decode_all(folder: Path) -> list[KubernetesObject]:
    """Decode every List in the folders of one estate."""
    kept: list[KubernetesObject] = []
    for path in sorted(folder.glob("*/*.json")):
        kept += getattr(DECODERS[path.name].decode(path.read_bytes()), "items")  # noqa: B009  # defined at run time
    return kept


if __name__ == "__main__":
    print(len(decode_all(Path(sys.argv[1]))))
