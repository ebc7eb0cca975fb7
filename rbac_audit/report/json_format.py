"""The report as JSON: the contract with scripts, and its schema."""

from typing import Any

import msgspec

from rbac_audit.audit.report import FORMAT, Report


def render(report: Report) -> bytes:
    """Print the report: indented by two, keys in the order of the types, dictionaries sorted, a newline at the end."""
    return msgspec.json.format(msgspec.json.encode(report, order="deterministic"), indent=2) + b"\n"


def schema() -> str:
    """Print the JSON Schema (Draft 2020-12) of the report, as it is kept in `reports/report.schema.json`."""
    described: dict[str, Any] = {  # JSON Schema is untyped
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"rbac-audit report ({FORMAT})",
        **msgspec.json.schema(Report),
    }
    return msgspec.json.format(msgspec.json.encode(described), indent=2).decode() + "\n"
