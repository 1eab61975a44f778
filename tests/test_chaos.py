"""Aktenwerk under a dozen faults on either ledger, and that the referee who watches notices what may not be.

The long form, a hundred faults over hundreds of pages, is ``script/chaos``: docs/reliability.md.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageFilter

from bench.chaos import faults, referee
from bench.chaos.ledger import DocumentRow, Outcome, PageRow, Product, Sample, Work, outcome, sample
from bench.chaos.scene import Scene
from bench.chaos.specimens import NO_PAGE, Specimens, build
from tests.office import Office, blank, open_office, page, save_pdf

ROOT = Path(__file__).resolve().parents[1]
SEED, FAULTS = 20260, 12


# --- the short form ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """A dozen faults on each ledger, both held to the same undisturbed run."""
    arguments = ["--seed", str(SEED), "--faults", str(FAULTS), "--pages", "12", "--limit", "300", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "bench.chaos", "--ledger", "both", *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        printed, said = process.communicate(timeout=700)
    assert printed, f"seed {SEED}:\n{said}"
    return dict(json.loads(printed), timeline=said)


@pytest.mark.slow
@pytest.mark.parametrize("ledger", ["sqlite", "postgres"])
def test_a_dozen_faults_cost_no_page_and_change_no_byte(report, ledger: str):
    (trial,) = (one for one in report["trials"] if one["ledger"] == ledger)
    assert report["undisturbed"]["breaches"] == []
    assert trial["breaches"] == [], f"seed {SEED}:\n{report['timeline']}"
    assert len(trial["faults"]) == FAULTS
    assert trial["samples"] > FAULTS


# --- the referee -------------------------------------------------------------------------------------


def pages_of(source: str, stages: str) -> list[PageRow]:
    """Pages of one file, stored (s) in document D, blank (b) or waiting (w)."""
    rows, place = [], 0
    for number, stage in enumerate(stages, 1):
        place += stage == "s"
        known = {"s": ("stored", "D", place), "b": ("blank", "D", None), "w": ("waiting", None, None)}
        rows.append(PageRow(source, number, *known[stage]))
    return rows


def a_sample(*rows: PageRow, stored: int) -> Sample:
    """What the ledger says at a moment: a file A of four pages, bound into a document D."""
    return Sample(rows, {"A": 4}, {"D": DocumentRow("stored", True, stored)}, Work(0, 0, 0, 0))


SOUND = a_sample(*pages_of("A", "ssbs"), stored=3)


class TestAtAnyMoment:
    def test_a_sound_ledger_is_let_pass(self):
        assert list(referee.breaches(SOUND, SOUND)) == []
        assert list(referee.breaches(a_sample(*pages_of("A", "wwww"), stored=0), None)) == []

    def test_a_dropped_page(self):
        found = list(referee.breaches(replace(SOUND, pages=SOUND.pages[:-1]), SOUND))
        assert any("opened with 4 pages" in one for one in found)
        assert any("has vanished" in one for one in found)

    def test_a_page_recorded_twice(self):
        doubled = (*SOUND.pages, SOUND.pages[0])
        assert any(
            "opened with 4 pages" in one for one in referee.breaches(replace(SOUND, pages=doubled), None)
        )

    def test_a_page_nobody_was_promised(self):
        more = (*SOUND.pages, PageRow("B", 1, "waiting", None, None))
        assert any("file B" in one for one in referee.breaches(replace(SOUND, pages=more), None))

    def test_a_page_twice_in_a_document(self):
        same_place = (*SOUND.pages[:-1], SOUND.pages[-1]._replace(place=2))
        assert any("document D" in one for one in referee.breaches(replace(SOUND, pages=same_place), None))

    def test_a_document_with_fewer_pages_than_it_was_stored_with(self):
        found = list(referee.breaches(a_sample(*pages_of("A", "ssbb"), stored=3), None))
        assert found == ["document D has 3 pages, at the places [1, 2]"]

    def test_a_stored_page_in_no_document(self):
        astray = (*SOUND.pages[:-1], SOUND.pages[-1]._replace(document=None))
        assert any("in no document" in one for one in referee.breaches(replace(SOUND, pages=astray), None))

    def test_a_page_in_no_stage_there_is(self):
        lost = (*SOUND.pages[:-1], SOUND.pages[-1]._replace(stage="lost"))
        assert any("no stage" in one for one in referee.breaches(replace(SOUND, pages=lost), None))

    def test_events_that_vanish(self):
        assert any("from the events" in one for one in referee.breaches(replace(SOUND, promised={}), SOUND))


UNDISTURBED = Outcome(
    stages={"stored": 2, "blank": 1},
    sources={"split": 1, "quarantined": 1},
    products=frozenset({Product("33/1", "aa", (("A", 1), ("A", 2)))}),
    quarantine=frozenset({("broken.pdf", None, "truncated")}),
    alarms=frozenset({("pages_differ", "33/1")}),
)


class TestInTheEnd:
    def test_the_same_is_let_pass(self):
        assert list(referee.differences(UNDISTURBED, UNDISTURBED)) == []

    @pytest.mark.parametrize(
        ("forged", "said"),
        [
            ({"stages": {"stored": 1, "blank": 2}}, "stages"),
            ({"sources": {"split": 2}}, "sources"),
            ({"products": frozenset({Product("33/1", "ab", (("A", 1), ("A", 2)))})}, "products"),
            ({"products": frozenset({Product("33/1", "aa", (("A", 2), ("A", 1)))})}, "products"),
            ({"products": frozenset()}, "products: missing"),
            ({"quarantine": frozenset()}, "quarantine: missing"),
            ({"quarantine": frozenset({("broken.pdf", None, "gave_up")})}, "quarantine: too much"),
            ({"alarms": frozenset()}, "alarms: missing"),
        ],
    )
    def test_every_difference_is_told(self, forged: dict[str, Any], said: str):
        assert any(said in one for one in referee.differences(UNDISTURBED, replace(UNDISTURBED, **forged)))

    def test_pages_that_are_in_no_product_or_in_two(self):
        scanned = Specimens(stored=Counter(a=1, b=1), stages=Counter(stored=2))
        same = Outcome({"stored": 2}, {}, frozenset(), frozenset(), frozenset())
        assert list(referee.against_the_paper(scanned, same, Counter(a=1, b=1))) == []
        told = list(referee.against_the_paper(scanned, same, Counter(a=2)))
        assert told == ["products: 1 scanned pages are in none", "products: 1 pages too many"]

    def test_a_page_is_known_by_its_ink_though_its_edges_have_changed(self):
        scanned = Specimens()
        for word in ("Amsel 18", "Amsel 13"):
            scanned.keep(page(word))
        first, second = scanned.stored
        for word, name in (("Amsel 18", first), ("Amsel 13", second), ("Drossel 18", NO_PAGE)):
            drawn = page(word).filter(ImageFilter.GaussianBlur(1)).resize((1401, 401))
            assert scanned.most_like(drawn) == name
        assert scanned.most_like(blank()) == NO_PAGE

    def test_objects_that_are_gone_or_changed(self):
        told = list(referee.damaged({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "9"}))
        assert told == ["object b is not the one recorded", "object c is not there"]

    def test_a_log_that_tells_a_name(self):
        assert list(referee.indiscretions(["page 3 of ZAUNKÖNIG failed"], ["Zaunkönig", "Amsel"])) == [
            "a log tells 'Zaunkönig'"
        ]


# --- who did it --------------------------------------------------------------------------------------


SLOW_TO_DIE = "held = b'x' * 300_000_000; print(flush=True); import time; time.sleep(600)"


def test_a_group_that_was_killed_is_not_blamed_for_how_it_ended(tmp_path):
    """All is done when it is killed, so that all are asked to end at once; its memory makes it die slowly."""
    scene = Scene(tmp_path, None, "sqlite", Specimens())
    scene.work(groups=1, workers=1)
    (group,) = scene.groups
    with subprocess.Popen([sys.executable, "-c", SLOW_TO_DIE], stdout=subprocess.PIPE) as group.process:
        group.process.stdout.readline()
        fault = faults.Fault("parent killed", moment=0.9, pause=0.1, choice=0.0, seconds=1.0)
        assert faults.commit(scene, fault.kind, fault)
        assert scene.stop() == []
    assert group.exits == [-signal.SIGKILL]
    assert list(scene.odd_exits()) == []


# --- what it looks at --------------------------------------------------------------------------------


class TestLookingAtALedger:
    @pytest.fixture
    def office(self, tmp_path: Path) -> Iterator[Office]:
        with open_office(tmp_path / "data") as office:
            office.inventory("33/1;1;2")
            office.take(save_pdf(tmp_path / "33_1.pdf", [page("Amsel"), page("Drossel")]))
            office.work()
            yield office

    def test_it_sees_what_is_there(self, office):
        seen = sample(office.ctx.ledger)
        assert list(referee.breaches(seen, None)) == []
        assert (seen.done, sum(seen.left), sum(seen.promised.values())) == (2, 0, 2)
        (product,) = outcome(office.ctx.ledger).products
        assert (product.file_number, product.sha256) == ("33/1", office.document("33/1").sha256)
        assert [number for _, number in product.pages] == [1, 2]

    def test_a_page_deleted_from_it_is_missed(self, office):
        with office.ctx.ledger.write() as tx:
            tx.connection.exec_driver_sql("DELETE FROM pages WHERE number = 2")
        assert len(list(referee.breaches(sample(office.ctx.ledger), None))) == 2


class TestTheSameSeed:
    def test_makes_the_same_paper(self, tmp_path):
        first, second, other = (
            build(tmp_path / name, seed, pages=20, deliveries=1)
            for name, seed in (("first", 3), ("second", 3), ("other", 4))
        )
        assert contents(tmp_path / "first") == contents(tmp_path / "second") != contents(tmp_path / "other")
        assert first.volumes == second.volumes != other.volumes
        assert first.stored.total() == first.stages["stored"]

    def test_draws_the_same_faults_and_every_kind_once_before_any_again(self):
        kinds = ["a", "b", "c", "d"]
        planned, others = faults.plan(5, 8, kinds)
        again, others_again = faults.plan(5, 8, kinds)
        assert planned == again
        assert list(islice(others, 6)) == list(islice(others_again, 6))
        assert sorted(one.kind for one in planned[:4]) == kinds
        assert [one.moment for one in planned] == sorted(one.moment for one in planned)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
