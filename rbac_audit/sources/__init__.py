"""Where evidence comes from: sources named on the command line become one Snapshot."""

from rbac_audit.sources.estate import read_estate
from rbac_audit.sources.spec import SourceSpec

__all__ = ["SourceSpec", "read_estate"]
