"""The plan as a YAML file that people read and edit: consent is given there."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from textwrap import indent

import msgspec
import yaml

from rbac_audit.errors import BadInput
from rbac_audit.fix.plan import FORMAT, Plan, Step

_HEAD = """\
# A plan of rbac-audit {version}: nothing is done before `rbac-audit fix apply`.
# A step whose `consent` is `needed: true` is left out until you set `given: true` there. Change nothing else.
# A name such as rights-0123456789abcdef stands for the list of that name under `rights`, at the end of the file.
"""
# Of a plan of many steps, most is lists of rights that many steps have in common.
_LISTS = frozenset(("lacks", "rights", "rules", "surplus"))
_SHORT, _LINE = 3, 170


class _Dumper(yaml.CSafeDumper):
    """Writes words and small mappings on one line, sentences each on one of their own, and no aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # PyYAML's signature
        return True

    def represent_words(self, data: list[object]) -> yaml.Node:
        """Write a list."""
        words = all(isinstance(item, str) and " " not in item for item in data)
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=words and _fits(data))

    def represent_fields(self, data: dict[str, object]) -> yaml.Node:
        """Write a mapping."""
        small = len(data) > 1 and not any(isinstance(value, list | dict) for value in data.values())
        return self.represent_mapping("tag:yaml.org,2002:map", data, flow_style=small and _fits(data.items()))


_Dumper.add_representer(list, _Dumper.represent_words)
_Dumper.add_representer(dict, _Dumper.represent_fields)


def _fits(items: Iterable[object]) -> bool:
    return sum(len(str(item)) for item in items) < _LINE


def write(plan: Plan) -> str:
    """Write a plan, with the same bytes for the same plan; what several steps have in common is stated once."""
    parts = [_HEAD.format(version=plan.tool.version)]
    uses = Counter(name for item in (*plan.steps, *plan.refusals) for _, _, name in _named(_plain(item)))
    shared: dict[str, object] = {}
    for field in msgspec.structs.fields(plan):
        value = getattr(plan, field.name)
        if isinstance(value, tuple) and value:
            # One by one: a plan of thousands of steps would take gigabytes as one tree.
            parts += [f"{field.encode_name}:\n", *(_dump([_stated(item, uses, shared)]) for item in value)]
        else:
            parts.append(_dump({field.encode_name: _plain(value)}))
    if shared:
        parts += ["rights:\n", *(indent(_dump({name: shared[name]}), "  ") for name in sorted(shared))]
    return "".join((*parts, _dump({"seal": digest(plan)})))


def _stated(item: object, uses: Mapping[str, int], shared: dict[str, object]) -> object:
    """Put names in the place of lists that are used more than once."""
    plain = _plain(item)
    for fields, key, name in list(_named(plain)):
        if uses[name] > 1:
            shared[name] = fields[key]
            fields[key] = name
    return plain


def _plain(value: object) -> object:
    """Turn values into what their JSON holds: lists and mappings of its own."""
    plain: object = msgspec.json.decode(msgspec.json.encode(value))
    return plain


def _named(value: object) -> Iterator[tuple[dict[str, object], str, str]]:
    """Find long lists of rights, each with the name that its content gives it."""
    for fields, key in _lists(value):
        found = fields[key]
        if isinstance(found, list) and len(found) > _SHORT:
            content = hashlib.sha256(msgspec.json.encode(found)).hexdigest()
            yield fields, key, f"rights-{content[:16]}"


def _lists(value: object) -> Iterator[tuple[dict[str, object], str]]:
    if isinstance(value, dict):
        yield from ((value, key) for key in value if key in _LISTS)
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _lists(item)


def _dump(value: object) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return text


def read(text: str, where: str) -> Plan:
    """Read a plan; raises BadInput with the path of what is wrong in it, and where more was changed than consent.

    What an apply checks, waits for and takes back stands in the file: a line less there may be somebody's access.
    """
    again = "plan again, and change nothing in the file but `given`"
    try:
        raw = yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}, line {mark.line + 1}" if mark else where
        raise BadInput("plan", place, "it is no YAML", again) from None
    found = raw.get("format") if isinstance(raw, dict) else None
    if found != FORMAT:
        problem = f"its format is {found}" if found else "it is no plan of rbac-audit"
        raise BadInput("plan", where, problem, f"this version reads {FORMAT}")
    lists, seal = raw.pop("rights", None), raw.pop("seal", None)
    for fields, key in list(_lists(raw)):
        # A name that is not there is found below, with its place.
        if isinstance(lists, dict) and isinstance(name := fields[key], str) and name in lists:
            fields[key] = lists[name]
    try:
        plan = msgspec.convert(raw, Plan)
    except msgspec.ValidationError as error:
        raise BadInput("plan", where, str(error), again) from None
    if seal != digest(plan):
        raise BadInput("plan", where, "more than consent was changed in it since it was made (its seal differs)", again)
    return plan


def digest(plan: Plan) -> str:
    """Hash what a plan does, whatever consent was given: the name of the plan in journals and annotations."""
    undecided = msgspec.structs.replace(plan, steps=tuple(map(_undecided, plan.steps)))
    return hashlib.sha256(msgspec.json.encode(undecided, order="deterministic")).hexdigest()


def _undecided(step: Step) -> Step:
    return msgspec.structs.replace(step, consent=msgspec.structs.replace(step.consent, given=False))
