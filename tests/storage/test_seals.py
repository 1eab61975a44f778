"""Seals under attack: whoever changes the history is found, and what was changed is named."""

import itertools
import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from errors import NotFound, StoreUnavailable
from pipeline import chain, sealing
from storage.folder import FolderStore
from storage.ledger import Ledger, seals

DAY = 86_400.0
UNPROTECTED = {
    "sqlite": [
        f"DROP TRIGGER IF EXISTS {table}_no_{what}"
        for table in ("events", "seals")
        for what in ("update", "delete", "replace")
    ],
    "postgresql": [f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in ("events", "seals")],
}


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Archive:
    """A ledger with a store, and an administrator who has the power to do harm."""

    url: str
    ledger: Ledger
    objects: FolderStore
    clock: Clock

    def record(self, count: int = 1) -> None:
        with self.ledger.write() as tx:
            for number in range(count):
                tx.record("page.blank", f"p{number}", words=None, confidence=93.4 + number, type="ü")

    def seal(self) -> list[seals.Seal]:
        return sealing.seal(self.ledger, self.objects)

    def check(self) -> chain.Chain:
        return chain.check(self.ledger, self.objects)

    def said(self) -> str:
        """All problems, with what they are about."""
        return "\n".join(f"{one.message} {one.params}" for one in self.check().problems)

    def harm(self, *statements: str) -> None:
        """Run statements behind the product's back, the triggers being removed before."""
        engine = create_engine(self.url.replace("postgresql://", "postgresql+pg8000://"))
        try:
            with engine.begin() as connection:
                for statement in (*UNPROTECTED[engine.dialect.name], *statements):
                    connection.exec_driver_sql(statement)
        finally:
            engine.dispose()

    def path(self, key: str) -> Path:
        return self.objects.root / key


def three_seals(url: str, folder: Path) -> Archive:
    """Three seals over events 1 to 4, 5 to 8 and 9 to 12, and one event that is not sealed."""
    clock = Clock()
    made = Archive(url, Ledger(url, clock), FolderStore(folder / "objects"), clock)
    for _ in range(3):
        made.record(4)
        made.seal()
        clock.now += DAY
    made.record()
    return made


@pytest.fixture
def archive(ledger_url: str, tmp_path: Path) -> Iterator[Archive]:
    made = three_seals(ledger_url, tmp_path)
    yield made
    made.ledger.close()


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of such an archive on SQLite, to be copied."""
    folder = tmp_path_factory.mktemp("pattern")
    three_seals(f"sqlite:///{folder / 'ledger.db'}", folder).ledger.close()
    return folder


@pytest.fixture
def victim(pattern: Path, tmp_path: Path) -> Iterator[Archive]:
    """A copy of that archive, to be harmed."""
    shutil.copytree(pattern, tmp_path, dirs_exist_ok=True)
    url, clock = f"sqlite:///{tmp_path / 'ledger.db'}", Clock()
    clock.now += 3 * DAY
    made = Archive(url, Ledger(url, clock), FolderStore(tmp_path / "objects"), clock)
    yield made
    made.ledger.close()


class TestSealing:
    def test_a_sound_chain_is_found_sound(self, archive):
        found = archive.check()
        assert found.problems == ()
        assert (len(found.rows), found.events, found.unsealed) == (3, 12, 1)
        assert [(row.seal.first_event, row.seal.last_event) for row in found.rows] == [
            (1, 4),
            (5, 8),
            (9, 12),
        ]

    def test_each_seal_names_the_one_before_it(self, archive):
        rows = archive.check().rows
        assert [row.seal.previous for row in rows] == [None, rows[0].sha256, rows[1].sha256]

    def test_its_object_is_plain_json_that_anybody_can_hash(self, archive):
        row = archive.check().rows[-1]
        fields = json.loads(archive.path(row.object_key).read_bytes())
        assert fields["format"] == seals.FORMAT
        assert (fields["number"], fields["events"], fields["root"]) == (3, 4, row.seal.root)
        assert row.object_key == f"seals/{row.sha256[:2]}/{row.sha256[2:4]}/{row.sha256}"

    def test_nothing_new_is_not_sealed_again(self, archive):
        assert len(archive.seal()) == 1
        assert archive.seal() == []

    def test_no_name_is_in_seal_or_leaves(self, archive):
        for path in archive.objects.root.rglob("*"):
            assert path.is_dir() or b"p0" not in path.read_bytes()

    def test_it_is_due_once_a_day_has_passed(self, archive):
        archive.seal()
        archive.record()
        assert sealing.seal_if_due(archive.ledger, archive.objects) == []
        archive.clock.now += DAY
        assert len(sealing.seal_if_due(archive.ledger, archive.objects)) == 1
        assert sealing.seal_if_due(archive.ledger, archive.objects) == []

    def test_a_store_that_is_away_is_asked_again(self, archive):
        archive.clock.now += DAY
        daily = sealing.DailySeal(archive.ledger, archive.objects)
        archive.objects.root.rename(archive.objects.root.with_name("away"))
        with pytest.raises(StoreUnavailable):
            daily.look()
        archive.objects.root.with_name("away").rename(archive.objects.root)
        assert archive.check().unsealed == 1
        daily.look()
        assert archive.check().unsealed == 0

    def test_many_events_are_several_seals(self, archive, monkeypatch):
        monkeypatch.setattr(sealing, "MOST_EVENTS", 3)
        archive.record(6)
        assert [one.events for one in archive.seal()] == [3, 3, 1]
        assert archive.check().problems == ()

    def test_of_two_who_seal_at_once_one_wins_and_the_chain_is_sound(self, archive):
        barrier, made = threading.Barrier(3), []

        def seal() -> None:
            ledger = Ledger(archive.url, archive.clock)
            barrier.wait()
            made.extend(sealing.seal(ledger, archive.objects))
            ledger.close()

        threads = [threading.Thread(target=seal) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 1
        found = archive.check()
        assert (found.problems, len(found.rows), found.unsealed) == ((), 4, 0)

    @pytest.mark.parametrize(
        "statement",
        ["UPDATE seals SET root = 'x'", "DELETE FROM seals", "INSERT INTO seals SELECT * FROM seals"],
    )
    def test_the_database_itself_refuses_to_change_them(self, archive, statement):
        engine = create_engine(archive.url.replace("postgresql://", "postgresql+pg8000://"))
        with pytest.raises(Exception, match=r"append-only|duplicate key"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()
        assert archive.check().problems == ()


class TestEventsChanged:
    @pytest.mark.parametrize(
        ("statement", "number", "how", "broken"),
        [
            ("UPDATE events SET kind = 'page.stored' WHERE id = 6", 6, "altered", 2),
            ("UPDATE events SET at = '2020' WHERE id = 1", 1, "altered", 1),
            ("UPDATE events SET subject = 'x' WHERE id >= 6", 6, "altered", 2),
            ("UPDATE events SET data = '{}' WHERE id = 12", 12, "altered", 3),
            ("DELETE FROM events WHERE id = 7", 7, "missing", 2),
            ("DELETE FROM events WHERE id = 1", 1, "missing", 1),
            ("DELETE FROM events WHERE id > 10", 11, "missing", 3),
            ("INSERT INTO events VALUES (-1, 'x', 'y', 'z', '{}')", -1, "inserted", 1),
            ("UPDATE events SET id = 500 WHERE id = 5", 5, "missing", 2),
            ("UPDATE events SET id = 0 WHERE id = 5", 0, "inserted", 1),
        ],
    )  # fmt: skip
    def test_the_first_is_named(self, victim, statement, number, how, broken):
        victim.harm(statement)
        found = victim.check()
        first = found.problems[0].params
        assert (first["id"], first["seal"]) == (number, broken)
        assert how in first["reason"]
        assert broken in found.broken

    def test_one_that_was_altered_is_named_by_what_it_is_now(self, archive):
        archive.harm("UPDATE events SET subject = 'x' WHERE id = 6")
        (problem,) = archive.check().problems
        assert "is now {kind}, {at};" in problem.message
        assert problem.params["kind"] == "page.blank"
        assert problem.params["at"].startswith("2027-01-16T")
        assert problem.params["more"] == 0

    def test_a_missing_one_by_the_one_before_it(self, archive):
        archive.harm("DELETE FROM events WHERE id IN (6, 8)")
        (problem,) = archive.check().problems
        assert (problem.params["id"], problem.params["kind"], problem.params["more"]) == (6, "page.blank", 1)

    def test_two_that_change_places(self, archive):
        archive.harm(
            "UPDATE events SET id = -6 WHERE id = 6",
            "UPDATE events SET id = 6 WHERE id = 7",
            "UPDATE events SET id = 7 WHERE id = -6",
        )
        (problem,) = archive.check().problems
        assert (problem.params["id"], problem.params["more"]) == (6, 1)

    def test_one_that_is_not_sealed_yet_can_be_changed_and_that_is_said(self, archive):
        archive.harm("UPDATE events SET kind = 'x' WHERE id = 13")
        assert archive.check().problems == ()
        assert archive.check().unsealed == 1


class TestSealsChanged:
    @pytest.mark.parametrize(
        "change",
        [
            "number = 7", "sealed_at = 'x'", "first_event = 6", "last_event = 7", "events = 3",
            "root = 'abc'", "previous = 'abc'", "sha256 = 'abc'", "object_key = 'seals/x'",
            "leaves_key = 'leaves/x'", "object_key = '../x'", "previous = NULL",
        ],
    )  # fmt: skip
    def test_a_row_that_was_altered(self, victim, change):
        victim.harm(f"UPDATE seals SET {change} WHERE number = 2")  # noqa: S608
        found = victim.check()
        assert found.problems
        assert set(found.broken) & {2, 7}

    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_a_row_that_was_removed(self, victim, number):
        victim.harm(f"DELETE FROM seals WHERE number = {number}")  # noqa: S608
        assert "does not follow" in victim.said() or "does not know" in victim.said()

    def test_the_newest_seal_and_its_events_cut_off_together(self, victim):
        victim.harm("DELETE FROM seals WHERE number = 3", "DELETE FROM events WHERE id >= 9")
        (problem,) = victim.check().problems
        assert "cut off" in problem.message
        assert (problem.params["number"], problem.params["id"]) == (3, 9)

    def test_and_sealed_anew_with_other_events(self, victim):
        victim.harm("DELETE FROM seals WHERE number = 3", "DELETE FROM events WHERE id >= 9")
        victim.record(6)
        victim.seal()
        assert "cut off or exchanged" in victim.said()

    def test_all_seals_and_all_events(self, victim):
        victim.harm("DELETE FROM seals", "DELETE FROM events")
        assert len(victim.check().problems) == 3

    def test_a_seal_that_was_made_but_not_recorded_is_no_loss_once_there_is_a_later_one(self, victim):
        victim.harm("DELETE FROM seals WHERE number = 3")
        (problem,) = victim.check().problems
        assert "akten seal" in problem.message
        victim.seal()
        assert victim.check().problems == ()

    @pytest.mark.parametrize("kind", ["object_key", "leaves_key"])
    @pytest.mark.parametrize("change", ["missing", "empty", "another", "altered"])
    def test_an_object_that_was_exchanged(self, victim, kind, change):
        row, other = victim.check().rows[1:]
        path = victim.path(getattr(row, kind))
        if change == "missing":
            path.unlink()
        else:
            data = {"empty": b"", "another": victim.path(getattr(other, kind)).read_bytes()}
            path.write_bytes(data.get(change, path.read_bytes()[:-1] + b"\x00"))
        found = victim.check()
        assert found.broken == (2,)
        assert found.problems[0].params["number"] == 2

    def test_without_its_leaves_events_are_still_held_to_the_root(self, victim):
        victim.path(victim.check().rows[1].leaves_key).unlink()
        assert len(victim.check().problems) == 1
        victim.harm("UPDATE events SET kind = 'x' WHERE id = 6")
        assert "Between event" in victim.check().problems[1].message

    def test_events_seal_row_and_objects_forged_together_break_the_chain(self, victim):
        """Somebody who knows how seals are made, but leaves the later ones as they are."""
        victim.harm("UPDATE events SET kind = 'x' WHERE id = 6")
        row = victim.check().rows[1]
        with victim.ledger.read() as tx:
            leaves = b"".join(seals.leaf(one) for one in seals.history(tx, after=4, last=8))
        stored = victim.objects.put_bytes("forged", leaves).sha256
        forged = replace(row.seal, root=seals.root_of(leaves), leaves=stored)
        victim.objects.put_bytes(seals.leaves_key(stored), leaves)
        victim.objects.put_bytes(seals.seal_key(forged.sha256), forged.to_bytes())
        change = (
            "UPDATE seals SET root = '{}', sha256 = '{}', object_key = '{}', leaves_key = '{}' "
            "WHERE number = 2"
        )
        keys = seals.seal_key(forged.sha256), seals.leaves_key(stored)
        victim.harm(change.format(forged.root, forged.sha256, *keys))
        said = victim.said()
        assert victim.check().broken == (3,)
        assert "does not follow" in said
        assert "'id': 6" in said, "the old seal in the store still bears witness"

    def test_a_seal_younger_than_the_backup_is_disowned_by_a_person(self, victim):
        newest = victim.check().rows[-1].sha256
        victim.harm("DELETE FROM seals WHERE number = 3", "DELETE FROM events WHERE id >= 9")
        for name in (victim.check().rows[0].sha256, "ab" * 32):
            with pytest.raises(NotFound):
                sealing.disown(victim.ledger, victim.objects, name, "no")
        assert sealing.disown(victim.ledger, victim.objects, newest[:16], "restored") == [newest]
        victim.seal()
        found = victim.check()
        assert (found.problems, found.disowned, found.find(newest)) == ((), 1, None)

    def test_so_are_all_when_the_whole_ledger_was_made_anew(self, victim):
        victim.harm("DELETE FROM seals", "DELETE FROM events")
        assert len(sealing.disown(victim.ledger, victim.objects, None, "ledger lost")) == 3
        assert victim.check().problems == ()

    def test_where_the_ledger_knows_all_seals_none_is_disowned(self, victim):
        assert sealing.disown(victim.ledger, victim.objects, None, "to be sure") == []

    def test_a_foreign_object_among_the_seals(self, victim):
        victim.objects.put_bytes("seals/aa/bb/nonsense", b"x")
        assert "is none" in victim.said()


class TestANotedHash:
    def test_is_found_whole_or_by_its_beginning(self, victim):
        row = victim.check().rows[0]
        assert victim.check().find(row.sha256) == victim.check().find(row.sha256[:16]) == row

    def test_is_missed_when_all_was_forged_from_there_on(self, victim):
        noted = victim.check().rows[-1].sha256
        victim.harm("DELETE FROM seals", "UPDATE events SET kind = 'x' WHERE id = 6")
        for key in list(victim.objects.keys("seals/")):
            victim.objects.delete(key)
        victim.seal()
        assert victim.check().problems == ()
        assert victim.check().find(noted) is None


# --- any single change -------------------------------------------------------------------------------

_TEXT = st.text(st.characters(blacklist_characters="\x00", blacklist_categories=("Cs",)), max_size=12)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_numbers = itertools.count()


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Two seals over three events each, on SQLite, without triggers."""
    folder = tmp_path_factory.mktemp("sealed")
    url = f"sqlite:///{folder / 'ledger.db'}"
    archive = Archive(url, Ledger(url, Clock()), FolderStore(folder / "objects"), Clock())
    for _ in range(2):
        archive.record(3)
        archive.seal()
    archive.harm()
    return archive


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_single_change_of_a_sealed_event_is_found_and_named(sealed, data):
    number = data.draw(st.integers(1, 6))
    database = sqlite3.connect(sealed.url.removeprefix("sqlite:///"), isolation_level=None)
    row = database.execute(
        "SELECT id, at, kind, subject, data FROM events WHERE id = ?", (number,)
    ).fetchone()
    column = data.draw(st.sampled_from(["at", "kind", "subject", "data", "id", "removed", "copied"]))
    if column == "removed":
        database.execute("DELETE FROM events WHERE id = ?", (number,))
        named = number
    elif column == "copied":
        named = data.draw(st.integers(-5, 0))
        database.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", (named, *row[1:]))
    elif column == "id":
        new = data.draw(st.integers(-(2**62), 2**62).filter(lambda one: not 1 <= one <= 6))
        database.execute("UPDATE events SET id = ? WHERE id = ?", (new, number))
        named = min(new, number)
    else:
        drawn = json.dumps(data.draw(_JSON)) if column == "data" else data.draw(_TEXT)
        place = ["id", "at", "kind", "subject", "data"].index(column)
        if column == "data" and json.loads(drawn) == json.loads(row[place]):
            drawn = "no JSON"
        database.execute(f"UPDATE events SET {column} = ? WHERE id = ?", (drawn, number))  # noqa: S608
        named = None if drawn == row[place] else number
    found = sealed.check()
    for statement in (
        "DELETE FROM events WHERE id = ?",
        "DELETE FROM events WHERE id < 1 OR id > 6 OR id = ?",
    ):
        database.execute(statement, (number,))
    database.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", row)
    database.close()
    if named is None:
        assert found.problems == ()
    else:
        assert found.problems[0].params["id"] == named
    assert sealed.check().problems == ()


@pytest.mark.parametrize("data", ["{", b"\xff", b"\x00", '{"a":1,"a":1}', "[" * 100_000, "", "9" * 5000])
def test_data_that_nobody_of_ours_wrote_is_named_too(sealed, data):
    database = sqlite3.connect(sealed.url.removeprefix("sqlite:///"), isolation_level=None)
    (before,) = database.execute("SELECT data FROM events WHERE id = 2").fetchone()
    change = "UPDATE events SET data = CAST(? AS TEXT) WHERE id = 2"
    database.execute(change, (data,))
    assert sealed.check().problems[0].params["id"] == 2
    database.execute(change, (before,))
    database.close()
    assert sealed.check().problems == ()
