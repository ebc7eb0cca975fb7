"""Which words Kubernetes takes as names and labels.

Source: k8s.io/apimachinery pkg/api/validate/content (dns.go, kube.go).
"""

import re

_DNS_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_LABEL = re.compile(_DNS_LABEL)
_SUBDOMAIN = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*")
_WORD = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")


def is_dns_label(text: str) -> bool:
    """Tell whether a namespace may have this name."""
    return len(text) <= 63 and _LABEL.fullmatch(text) is not None


def is_dns_subdomain(text: str) -> bool:
    """Tell whether a service account may have this name."""
    return len(text) <= 253 and _SUBDOMAIN.fullmatch(text) is not None


def is_label_key(text: str) -> bool:
    """Tell whether a label may have this key: a word, with a DNS subdomain and a slash before it or without."""
    prefix, slash, name = text.rpartition("/")
    return _is_word(name) and (not slash or is_dns_subdomain(prefix))


def is_label_value(text: str) -> bool:
    """Tell whether a label may have this value: a word or nothing."""
    return not text or _is_word(text)


def _is_word(text: str) -> bool:
    return len(text) <= 63 and _WORD.fullmatch(text) is not None
