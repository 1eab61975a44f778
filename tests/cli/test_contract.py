"""docs/formats.md is a contract: its JSON examples have the keys and types of what the commands print."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.intake import inventory, manifest
from reports import shapes
from storage.ledger import pages
from tests import validator

DOCUMENT = Path(__file__).parents[2] / "docs" / "formats.md"
_SECTION = re.compile(
    r"^### `akten (?P<name>[a-z ]+?)(?: -o FILE| [A-Z]+…?)? --json`\n(?P<body>.*?)(?=^### |\Z)", re.M | re.S
)


def sections() -> dict[str, tuple[Any, set[str]]]:
    """Each command's example, and the keys (``pages.flag``) that may be null."""
    found = {}
    for match in _SECTION.finditer(DOCUMENT.read_text(encoding="utf-8")):
        _before, example, after = re.split(r"^```(?:json)?\n", match["body"], flags=re.M)
        null = re.search(r"^Null: .*?(?=\n\n|\Z)", after, re.M | re.S)
        found[match["name"]] = json.loads(example), set(re.findall(r"`([^`]+)`", null[0] if null else ""))
    return found


EXAMPLES = sections()


def differences(example: Any, real: Any, nullable: set[str], at: str = "") -> list[str]:
    """Where a real value has other keys or types than its example; "" when nothing does."""
    if real is None and at in nullable:
        return []
    if isinstance(example, dict) and isinstance(real, dict):
        wrong = [f"{at}.{key}: undocumented" for key in real.keys() - example.keys()]
        wrong += [f"{at}.{key}: documented, but not there" for key in example.keys() - real.keys()]
        for key in example.keys() & real.keys():
            wrong += differences(example[key], real[key], nullable, f"{at}.{key}".lstrip("."))
        return wrong
    if isinstance(example, list) and isinstance(real, list):
        return [line for one in real if example for line in differences(example[0], one, nullable, at)]
    if kind(example) != kind(real):
        return [f"{at}: {kind(real)}, not {kind(example)}"]
    return []


def kind(value: Any) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


@pytest.fixture(scope="session")
def printed(ran, tmp_path_factory) -> dict[str, Any]:
    """What each command prints, by its name as in the document."""
    akten, folder = ran.akten, tmp_path_factory.mktemp("lists")
    faulty = folder / "faulty.csv"
    faulty.write_text("Aktenzeichen;Band\n;1\n77/1;x\n", encoding="utf-8")
    fresh = type(akten)(folder / "data")
    path = validator.install(folder / "bin", validator.conforming())
    number = ran.truth.volumes[0].file_number
    return {
        "status": akten.json("status"),
        "run": ran.printed,
        "ingest": fresh.json("ingest", ran.scans, code=1),
        "failures": akten.json("failures"),
        "documents": akten.json("documents"),
        "search": akten.json("search", "Musterstadt"),
        "show": akten.json("show", number),
        "seal": akten.json("seal"),
        "verify": replace(akten, environment={"PATH": path}).json("verify", "--pdfa"),
        "backup": akten.json("backup", "-o", folder / "ledger.db"),
        "recover": akten.json("recover"),
        "inventory list": akten.json("inventory", "list"),
        "inventory import": fresh.json("inventory", "import", faulty, code=1),
        "doctor": akten.json("doctor"),
    }


def test_every_command_with_json_has_an_example(printed):
    assert set(EXAMPLES) == set(printed)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_has_the_keys_and_types_of_what_is_printed(printed, name):
    example, nullable = EXAMPLES[name]
    assert printed[name]
    assert differences(example, printed[name], nullable) == []


def test_lists_inside_are_compared_too_for_they_are_not_empty(printed):
    assert printed["status"]["failures"]
    assert printed["status"]["alarms"]
    assert printed["inventory import"]["faults"]
    page = next(page for page in printed["show"]["pages"] if page["stage"] == "stored")
    assert page["evidence"]
    assert page["words"]


def test_a_changed_shape_would_be_noticed():
    example = {"a": [{"b": 1, "c": "x"}]}
    assert differences(example, {"a": [{"b": 2.5, "c": "y"}]}, set()) == []
    assert differences(example, {"a": [{"b": 1}]}, set())
    assert differences(example, {"a": [{"b": 1, "c": "x", "d": 1}]}, set())
    assert differences(example, {"a": [{"b": 1, "c": None}]}, set())
    assert differences(example, {"a": [{"b": 1, "c": None}]}, {"a.c"}) == []
    assert differences(example, {"a": [{"b": True, "c": "x"}]}, set())


@pytest.mark.parametrize(
    ("heading", "columns"), [("inventory", inventory.COLUMNS), ("manifest", manifest.COLUMNS)]
)
def test_the_columns_of_lists_are_those_that_are_read(heading, columns):
    text = DOCUMENT.read_text(encoding="utf-8")
    section = re.search(rf"^### The {heading}:.*?(?=^###|^## )", text, re.M | re.S)
    assert section
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", section[0], re.M)
    assert {name: tuple(re.findall(r"`([^`]+)`", others)) for name, others in rows} == columns


@pytest.mark.parametrize("name", ["status", "run"])
def test_received_is_the_sum_of_the_others(printed, name):
    for counted in (printed[name]["pages"], printed[name]["sources"]):
        others = sum(count for key, count in counted.items() if key != "received")
        assert counted["received"] == others > 0


def test_the_batch_of_a_run_counts_like_the_whole(printed):
    counts = printed["run"]["batch_counts"]
    assert counts["pages"] == printed["run"]["pages"]
    assert counts["sources"] == printed["run"]["sources"]


def test_a_run_prints_one_line(ran):
    assert ran.akten("run", "--json", code=1).stdout.count("\n") == 1


def test_attempts_that_an_older_version_recorded_have_the_same_shape():
    recorded = {"attempts": [{"changed": "finer", "confidence": 80.0, "kept": True}]}
    told = dict.fromkeys(pages.Page.__slots__) | {"result": recorded}
    attempts = shapes.page(pages.Page(**told), None)["attempts"]
    example, nullable = EXAMPLES["show"]
    assert differences(example["pages"][0]["attempts"], attempts, nullable, "pages.attempts") == []
    assert attempts[0]["kept"]


def test_boxes_lie_within_the_page_they_are_shown_on(printed):
    for page in printed["show"]["pages"]:
        width, height = page["pixels"]
        for word in page["words"]:
            left, top, across, down = word["box"]
            assert 0 <= left < left + across <= width
            assert 0 <= top < top + down <= height


def test_marks_are_the_words_searched_for(printed):
    for hit in printed["search"]["hits"]:
        assert {hit["snippet"][start:end] for start, end in hit["marks"]} == {"Musterstadt"}
