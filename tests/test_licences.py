"""The licence table is looked at before anything new is installed, so it has to be up to date."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RENEW = ".venv/bin/python script/licences.py > docs/decisions/licences.md"


def rows() -> list[list[str]]:
    table = (ROOT / "docs/decisions/licences.md").read_text(encoding="utf-8")
    cells = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in table.splitlines()
        if line.startswith("|")
    ]
    return cells[2:]


def test_the_table_lists_what_is_locked():
    locked = re.findall(r"^(\S+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert [(name, version) for name, version, *_ in rows()] == locked, f"renew it: {RENEW}"


def test_no_package_is_under_a_gnu_licence():
    strong = [f"{name}: {licence}" for name, _, licence, *_ in rows() if re.search(r"GPL|GNU", licence)]
    assert strong == []


def test_each_package_declares_a_licence():
    assert [name for name, _, licence, *_ in rows() if licence in {"", "?", "None"}] == []


def test_gnu_texts_inside_wheels_are_judged():
    judged = (ROOT / "docs/decisions/0009-licences.md").read_text(encoding="utf-8")
    assert [name for name, *_, texts in rows() if texts and name not in judged] == []
