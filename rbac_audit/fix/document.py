"""The plan as a YAML file that people read and edit: consent is given there."""

import hashlib

import msgspec
import yaml

from rbac_audit.errors import BadInput
from rbac_audit.fix.plan import FORMAT, Plan, Step

_HEAD = """\
# A plan of rbac-audit {version}: nothing is done before `rbac-audit fix apply`.
# A step whose `consent` is `needed: true` is left out until you set `given: true` there. Change nothing else.
"""


class _Dumper(yaml.CSafeDumper):
    """Writes every text in full: an alias would hide what a step does."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # PyYAML's signature
        return True


def write(plan: Plan) -> str:
    """Write a plan, with the same bytes for the same plan."""
    parts = [_HEAD.format(version=plan.tool.version)]
    for field in msgspec.structs.fields(plan):
        value = getattr(plan, field.name)
        if isinstance(value, tuple) and value:
            # One by one: a plan of thousands of steps would take gigabytes as one tree.
            parts += [f"{field.encode_name}:\n", *(_dump([msgspec.to_builtins(item)]) for item in value)]
        else:
            parts.append(_dump({field.encode_name: msgspec.to_builtins(value)}))
    return "".join(parts)


def _dump(value: object) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return text


def read(text: str, where: str) -> Plan:
    """Read a plan; raises BadInput with the path of what is wrong in it."""
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
    try:
        return msgspec.convert(raw, Plan)
    except msgspec.ValidationError as error:
        raise BadInput("plan", where, str(error), again) from None


def digest(plan: Plan) -> str:
    """Hash what a plan does, whatever consent was given: the name of the plan in journals and annotations."""
    text = write(msgspec.structs.replace(plan, steps=tuple(map(_undecided, plan.steps))))
    return hashlib.sha256(text.encode()).hexdigest()


def _undecided(step: Step) -> Step:
    return msgspec.structs.replace(step, consent=msgspec.structs.replace(step.consent, given=False))
