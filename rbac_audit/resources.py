"""Where the shipped policies and report templates lie."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def policies_dir() -> Path:
    """Return the folder of the shipped access policies and guards."""
    return _shipped("policies")


def reports_dir() -> Path:
    """Return the folder of the report templates, styles and scripts."""
    return _shipped("reports")


def _shipped(folder: str) -> Path:
    """A wheel carries the folders in the package; a checkout and an editable install beside it."""
    bundled = _PACKAGE / "_data" / folder
    return bundled if bundled.is_dir() else _PACKAGE.parent / folder
