"""A cluster that is to be read, and what is known of it beforehand."""

from dataclasses import dataclass
from typing import Literal

from rbac_audit.sources.live.ways import Way

Side = Literal["rancher", "harvester", ""]


@dataclass(frozen=True)
class Target:
    """Its name in the snapshot and the way to it; `side`: what it must be, so that its not being it is a gap.

    `rancher_id` is its name in Rancher (`c-m-…`, `local`), where the way goes through Rancher.
    """

    name: str
    way: Way
    side: Side = ""
    rancher_id: str = ""
