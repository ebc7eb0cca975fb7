import json

import jsonschema
import msgspec
import pytest

from rbac_audit.audit.report import Report
from rbac_audit.report import json_format
from rbac_audit.resources import reports_dir
from tests.report import factory

SCHEMA = json.loads((reports_dir() / "report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_in_the_repository_is_that_of_the_types() -> None:
    written = (reports_dir() / "report.schema.json").read_text(encoding="utf-8")
    assert written == json_format.schema(), "write rbac_audit.report.json_format.schema() to reports/report.schema.json"


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("number", [0, 1, 100])
def test_a_report_fits_the_schema(number: int) -> None:
    VALIDATOR.validate(json.loads(json_format.render(factory.report(number, waived=2))))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("findings", 0, "severity"), "terrible"),
        (("findings", 0, "object", "kind"), None),
        (("findings", 0, "chain", 0, "text"), 3),
        (("summary", "by_severity", "high"), "many"),
        (("gaps", 0, "kinds"), "Secret"),
    ],
)
def test_the_schema_refuses_what_does_not_fit(path: tuple[str | int, ...], value: object) -> None:
    document = json.loads(json_format.render(factory.report(1)))
    target = document
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document)


@pytest.mark.parametrize("key", ["tool", "date", "estate", "summary", "findings", "gaps", "not_evaluated"])
def test_the_schema_asks_for_the_parts_that_nobody_may_miss(key: str) -> None:
    document = json.loads(json_format.render(factory.report(1)))
    del document[key]
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document)


def test_the_keys_are_those_of_the_contract() -> None:
    document = json.loads(json_format.render(factory.report(1, waived=1)))
    assert document["format"] == "rbac-audit/report/v1"
    assert document["tool"].keys() == {"version"}
    assert {"clusters", "digest"} <= document["estate"].keys()
    assert {"by_severity", "objects", "exit_code"} <= document["summary"].keys()
    (finding,) = document["findings"]
    assert finding.keys() >= {"rule", "severity", "confidence", "cluster", "related", "subjects", "scope", "message"}
    assert finding.keys() >= {"chain", "fix", "references", "fingerprint"}
    assert finding["object"].keys() >= {"apiGroup", "kind", "namespace", "name"}
    assert finding["related"][0].keys() >= {"apiGroup", "kind", "namespace", "name", "cluster"}
    assert finding["subjects"][0].keys() == {"kind", "name", "namespace", "display_name"}
    assert finding["scope"].keys() == {"namespaces", "project", "cluster_wide"}
    assert finding["fix"].keys() == {"safety", "text"}
    assert document["gaps"][0].keys() >= {"cluster", "what", "reason", "advice"}
    assert document["not_evaluated"][0].keys() >= {"rule", "because"}
    assert [each["severity"] for each in document["waived"]] == ["info"]


def test_enums_are_written_by_value() -> None:
    (finding,) = json.loads(json_format.render(factory.report(1)))["findings"]
    assert (finding["severity"], finding["confidence"], finding["fix"]["safety"]) == ("medium", "certain", "manual")


def test_a_report_reads_back_as_it_was() -> None:
    report = factory.report(20, waived=2)
    assert msgspec.json.decode(json_format.render(report), type=Report) == report


def test_the_text_is_indented_by_two_and_ends_with_a_newline() -> None:
    text = json_format.render(factory.report(1))
    assert text.startswith(b'{\n  "format": "rbac-audit/report/v1",\n  "tool": {\n    "version"')
    assert text.endswith(b"\n}\n")


def test_the_order_of_dictionaries_does_not_show() -> None:
    report = factory.report(3)
    turned = msgspec.structs.replace(
        report.summary, by_severity=dict(reversed(list(report.summary.by_severity.items())))
    )
    assert json_format.render(msgspec.structs.replace(report, summary=turned)) == json_format.render(report)
