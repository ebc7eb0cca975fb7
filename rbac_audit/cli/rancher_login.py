"""The URL, token and authority with which a Rancher is asked; a token is never an argument, which `ps` would show."""

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rbac_audit.errors import WrongUse

if TYPE_CHECKING:
    from rbac_audit.sources.live.ways import Login

TOKEN = "RANCHER_TOKEN"  # noqa: S105  # the name of a variable


def login(url: str, token_file: Path | None, authority: Path | None) -> "Login":
    """Check what the options say; raises WrongUse, which quotes neither a token nor a URL that may hold one."""
    from rbac_audit.sources.live.ways import Login

    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise WrongUse("option", "--rancher", "it is no https URL", "write https://HOST, as the token goes there")
    if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        raise WrongUse("option", "--rancher", "it is not the URL of a Rancher alone", "write https://HOST")
    if authority and not authority.is_file():
        advice = "give a file of PEM certificates"
        raise WrongUse("option", f"--rancher-ca {authority}", "there is no such file", advice)
    return Login(url.rstrip("/"), _token(token_file), authority)


def _token(file: Path | None) -> str:
    where = f"--rancher-token-file {file}" if file else f"variable {TOKEN}"
    try:
        token = (file.read_text("utf-8") if file else os.environ.get(TOKEN, "")).strip()
    except (OSError, ValueError):
        raise WrongUse("option", where, "it cannot be read", "check the path") from None
    if not token:
        raise WrongUse("option", where, "there is no token", f"give --rancher-token-file FILE or set {TOKEN}")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise WrongUse("option", where, "it is no token", "give the bearer token of an API key, one line")
    return token
