"""Every rule that worlds are made of, and the permissions that they are asked for."""

import itertools

from rbac_audit.access import Permission
from tests.access.manifests import Manifest

VERBS = ("get", "list", "create")
GROUPS = ("", "apps")
RESOURCES = ("pods", "pods/log", "secrets", "secrets/log", "log")
NAMES = ("web", "db")
PATHS = ("/x", "/x/", "/x/y", "/xy", "/", "/x/*")

_VERB_LISTS = (["get"], ["list"], ["create", "get"], ["*"], ["list", "*"])
_GROUP_LISTS = ([""], ["apps"], ["apps", ""], ["*"])
_RESOURCE_LISTS = (
    *([resource] for resource in (*RESOURCES, "*", "*/log", "*/*", "pods/*", "po*")),
    ["secrets", "pods"],
    ["pods", "*/log"],
    ["pods/*", "log", "pods/log"],
)
_NAME_LISTS: tuple[list[str], ...] = ([], [], ["web"], ["db", "web"])
_URL_LISTS = (*([url] for url in (*PATHS, "*", "/x*", "/x/**", "/*", "/x*y")), ["/xy", "/x/*"])
RESOURCE_RULES = [
    {"verbs": verbs, "apiGroups": groups, "resources": resources, **({"resourceNames": names} if names else {})}
    for verbs, groups, resources, names in itertools.product(_VERB_LISTS, _GROUP_LISTS, _RESOURCE_LISTS, _NAME_LISTS)
]
URL_RULES = [{"verbs": verbs, "nonResourceURLs": urls} for verbs, urls in itertools.product(_VERB_LISTS, _URL_LISTS)]
_WHOLE = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "nonResourceURLs": ["*"]}
VOID_RULES: list[Manifest] = [
    {},
    *({**_WHOLE, field: []} for field in _WHOLE),
    *({key: value for key, value in _WHOLE.items() if key != field} for field in _WHOLE),
    *({**rule, "nonResourceURLs": ["/x*"]} for rule in RESOURCE_RULES[::97]),
    *({**rule, "resourceNames": [""]} for rule in RESOURCE_RULES[::97]),
    *({**rule, "resourceNames": ["web"]} for rule in URL_RULES[::13]),
]
PERMISSIONS = [
    *itertools.starmap(Permission, itertools.product(VERBS, GROUPS, RESOURCES, ("", *NAMES))),
    *(Permission(verb, path=path) for verb in VERBS for path in PATHS),
]
