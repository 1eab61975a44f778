"""Verification: interrupted, killed, sampled; what is damaged holds its volume up until it is well again."""

import hashlib
import os
import signal
import sqlite3
from pathlib import Path

import pytest

from errors import Interrupted, StoreUnavailable, ValidatorMissing, VerificationInterrupted, WrongUse
from pipeline import damage, pdfa, sealing, verapdf, verify
from pipeline.corrections import retry
from pipeline.verify import Verification
from reports import checking, shapes, trust
from storage.folder import FolderStore
from storage.ledger import Ledger, alarms, recorded, sources, verifications
from storage.objects import original_key
from tests import office as desk
from tests import validator
from tests.ledgers import new_ledger
from tests.office import Office, cover, page, save_pdf

FILES = 60


@pytest.fixture
def ledger(tmp_path: Path):
    ledger = new_ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture
def objects(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


@pytest.fixture
def keys(ledger: Ledger, objects: FolderStore) -> list[str]:
    """A batch of small originals, in the order in which they are read."""
    new = [_original(objects, number) for number in range(FILES)]
    with ledger.write() as tx:
        sources.register_batch(tx, "batch", "delivery", {"stack": "x"}, new)
    return [one.object_key for one in sorted(new, key=lambda one: one.id)]


def _original(objects: FolderStore, number: int) -> sources.NewSource:
    data = f"file {number}".encode()
    sha256 = hashlib.sha256(data).hexdigest()
    objects.put_bytes(original_key(sha256), data)
    return sources.NewSource(
        id=sha256[:20],
        sha256=sha256,
        name=f"{number}.pdf",
        size=len(data),
        object_key=original_key(sha256),
        stack_id="stack",
        position=number,
        hint_volume_id=None,
        hint_by=None,
        expected_pages=None,
    )


def counted(found: Verification) -> tuple[int, int, int]:
    return found.run.checked, found.run.damaged, found.run.missing


class Ending(FolderStore):
    """A store in which something happens when the tenth object is read."""

    def __init__(self, root: Path, event: Exception) -> None:
        super().__init__(root)
        object.__setattr__(self, "left", [event, *[None] * 9])

    def digest(self, key: str):
        event = self.left.pop() if self.left else None
        if event is not None:
            raise event
        return super().digest(key)


class TestInterrupted:
    @pytest.mark.parametrize("event", [Interrupted(), StoreUnavailable(detail="x")])
    def test_it_goes_on_with_the_next_object_and_forgets_nothing(self, ledger, objects, keys, event):
        (objects.root / keys[2]).unlink()
        (objects.root / keys[40]).write_bytes(b"x")
        with pytest.raises(type(event)):
            verify.verify(ledger, Ending(objects.root, event))
        begun = verify.resume(ledger)
        assert (begun.checked, begun.missing, begun.position) == (9, 1, f"original:{Path(keys[8]).name[:20]}")
        found = verify.verify(ledger, objects, begun)
        assert counted(found) == (FILES, 1, 1)
        assert [one.params["key"] for one in found.problems] == [keys[2], keys[40]]

    def test_killed_by_force_it_goes_on_where_it_was_last_saved(
        self, ledger, objects, keys, monkeypatch, tmp_path
    ):
        monkeypatch.setattr(verify, "_SAVE_SECONDS", 0.0)
        (objects.root / keys[2]).unlink()
        child = os.fork()
        if not child:
            own = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
            verify.verify(
                own, objects, None, lambda _w, done, _t: done == 20 and os.kill(os.getpid(), signal.SIGKILL)
            )
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        begun = verify.resume(ledger)
        assert 0 < begun.checked <= 20
        assert counted(verify.verify(ledger, objects, begun)) == (FILES, 0, 1)

    def test_the_user_is_told_how_to_go_on(self, ledger, objects, keys):
        with pytest.raises(VerificationInterrupted) as said:
            checking.verify(ledger, Ending(objects.root, Interrupted()), checking.Choice(), quiet=True)
        assert "akten verify --resume" in said.value.hint
        shape = checking.verify(ledger, objects, checking.Choice(go_on=True), quiet=True)
        assert (shape["ok"], shape["objects"]["checked"]) == (True, FILES)

    def test_there_is_nothing_to_go_on_with_when_it_came_to_its_end(self, ledger, objects, keys):
        verify.verify(ledger, objects)
        with pytest.raises(WrongUse):
            verify.resume(ledger)


class TestSample:
    def test_the_same_seed_chooses_the_same_objects(self, ledger, objects, keys):
        for key in keys:
            (objects.root / key).unlink()
        first, again, other = (
            {one.params["key"] for one in _sampled(ledger, objects, seed).problems}
            for seed in ("a", "a", "b")
        )
        assert first == again != other

    def test_its_size_is_about_the_share(self, ledger, objects, keys):
        checked = [
            verify.verify(ledger, objects, verify.begin(ledger, 50, str(n))).run.checked for n in range(20)
        ]
        assert FILES * 0.4 < sum(checked) / len(checked) < FILES * 0.6

    def test_however_small_it_reads_one_object(self, ledger, objects, keys):
        found = verify.verify(ledger, objects, verify.begin(ledger, 0.0001, "x"))
        assert (counted(found), found.objects, found.ok) == ((1, 0, 0), FILES, True)
        (objects.root / keys[0]).unlink()
        assert not verify.verify(ledger, objects, verify.begin(ledger, 0.0001, "x")).ok

    def test_of_nothing_it_reads_nothing(self, ledger, objects):
        assert counted(verify.verify(ledger, objects, verify.begin(ledger, 4))) == (0, 0, 0)

    def test_interrupted_it_goes_on_with_its_own_share_and_seed(self, ledger, objects, keys):
        whole = verify.verify(ledger, objects, verify.begin(ledger, 50, "x"))
        with pytest.raises(Interrupted):
            verify.verify(ledger, Ending(objects.root, Interrupted()), verify.begin(ledger, 50, "x"))
        assert counted(verify.verify(ledger, objects, verify.resume(ledger))) == counted(whole)

    def test_only_a_full_one_counts_as_such(self, ledger, objects, keys):
        verify.verify(ledger, objects, verify.begin(ledger, 50))
        with ledger.read() as tx:
            assert shapes.last_verification(tx) is None
        (objects.root / keys[0]).unlink()
        verify.verify(ledger, objects)
        with ledger.read() as tx:
            last = shapes.last_verification(tx)
        assert last | {"finished_at": ""} == {
            "finished_at": "", "checked": FILES, "damaged": 0, "missing": 1, "problems": 1,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "choice",
        [
            checking.Choice(seed="x"),
            checking.Choice(50, "ü"),
            checking.Choice(50, go_on=True),
            checking.Choice(go_on=True, pdfa=True),
        ],
    )
    def test_what_cannot_be_meant(self, ledger, objects, choice):
        with pytest.raises(WrongUse):
            checking.verify(ledger, objects, choice, quiet=True)


def _sampled(ledger: Ledger, objects: FolderStore, seed: str) -> Verification:
    """A sample of a ledger in which no alarm is open, for what is alarmed is always looked at."""
    found = verify.verify(ledger, objects, verify.begin(ledger, 30, seed))
    with ledger.write() as tx:
        for alarm in alarms.open_alarms(tx):
            alarms.clear(tx, alarm.code, alarm.subject)
    return found


class TestEvents:
    def test_beginning_to_end_is_on_record(self, ledger, objects, keys):
        (objects.root / keys[0]).write_bytes(b"x")
        run = verify.verify(ledger, objects).run
        with ledger.read() as tx:
            assert list(verifications.findings(tx, run)) == [(keys[0], "object_damaged", {})]
            query = "SELECT data FROM events WHERE kind = 'verify.finished'"
            assert '"damaged": 1' in tx.connection.exec_driver_sql(query).scalar()

    def test_an_alarm_settled_is_not_raised_by_the_same_damage_but_by_the_next(self, ledger, objects, keys):
        path = objects.root / keys[0]
        sound = path.read_bytes()
        states = []
        for content, settled in ((b"x", True), (b"x", False), (sound, False), (b"x", False)):
            path.write_bytes(content)
            verify.verify(ledger, objects)
            with ledger.write() as tx:
                raised = alarms.open_alarms(tx)
                states.append(len(raised))
                if settled:
                    alarms.settle(tx, raised[0].id, "scanned again")
        assert states == [1, 0, 0, 1]

    def test_a_key_that_was_forged_names_nothing(self, ledger, objects, keys):
        with ledger.write() as tx:
            tx.connection.exec_driver_sql("UPDATE sources SET object_key = '../../x' WHERE position = 1")
        assert counted(verify.verify(ledger, objects)) == (FILES, 0, 1)

    def test_broken_seals_are_an_alarm_until_they_are_sound_again(self, ledger, objects, keys, tmp_path):
        (made,) = sealing.seal(ledger, objects)
        assert verify.verify(ledger, objects).chain.events == made.events
        path = next((objects.root / "leaves").rglob(made.leaves))
        sound = path.read_bytes()
        path.write_bytes(b"")
        assert not verify.verify(ledger, objects).ok
        with ledger.read() as tx:
            assert [one.code for one in alarms.open_alarms(tx)] == ["seals_broken"]
        path.write_bytes(sound)
        assert verify.verify(ledger, objects).ok
        with ledger.read() as tx:
            assert alarms.open_alarms(tx) == []


@pytest.mark.usefixtures("keys")
class TestTablesChangedByHand:
    """Past the product, with the tables open: every row is compared with the last event about it."""

    @pytest.mark.parametrize(
        ("statement", "said"),
        [
            ("UPDATE sources SET sha256 = 'abc' WHERE position = 1", "File"),
            ("UPDATE sources SET page_count = 5, id = 'forged' WHERE position = 1", "File"),
            ("DELETE FROM sources WHERE position = 1", "no such row"),
            ("INSERT INTO pages (id, source_id, stack_id, number, stage, opens_section, attempts) "
             "SELECT 'p', id, 'stack', 1, 'stored', 0, 0 FROM sources WHERE position = 1", "File"),
            ("INSERT INTO documents (id, state, revision, page_count, sha256, attempts) "
             "VALUES ('d', 'stored', 0, 0, 'abc', 0)", "Document"),
        ],
    )  # fmt: skip
    def test_what_differs_is_named(self, ledger, objects, statement, said):
        assert verify.verify(ledger, objects).ok
        database = sqlite3.connect(objects.root.parent / "ledger.db")
        database.execute(statement)
        database.commit()
        database.close()
        messages = [problem.message for problem in verify.verify(ledger, objects).problems]
        assert any(said in message for message in messages)

    def test_what_to_do_next_depends_on_what_is_wrong(self, ledger, objects, keys, capsys):
        def said() -> str:
            trust.verification(shapes.verification(verify.verify(ledger, objects)))
            printed = capsys.readouterr()
            return " ".join((printed.out + printed.err).split())

        assert "Shred no paper" not in said()
        with ledger.write() as tx:
            tx.connection.exec_driver_sql("UPDATE sources SET state = 'stored' WHERE position = 1")
        forged = said()
        assert "find out who changed" in forged
        assert "akten alarms" not in forged
        with ledger.write() as tx:
            tx.connection.exec_driver_sql("UPDATE sources SET state = 'waiting' WHERE position = 1")
        (objects.root / keys[0]).unlink()
        missing = said()
        assert "akten alarms" in missing
        assert "find out who changed" not in missing


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Two volumes out of one file with two cover sheets."""
    folder = tmp_path_factory.mktemp("filed")
    with pytest.MonkeyPatch.context() as patched, desk.open_office(folder / "data") as office:
        patched.setenv("OMP_THREAD_LIMIT", "1")
        office.inventory("33/1;1;", "33/2;1;")
        save_pdf(
            folder / "scans" / "stapel.pdf",
            [cover(office, "33/1"), page("Eins"), cover(office, "33/2"), page("Zwei")],
        )
        office.take(folder / "scans")
        office.work()
        assert office.goal() == (2, 2)
        yield office


class TestWhatIsDamaged:
    """Each test leaves all as it was: mending is part of what is tested."""

    def verify(self, office: Office) -> Verification:
        return verify.verify(office.ctx.ledger, office.ctx.objects)

    def path(self, office: Office, key: str) -> Path:
        return office.settings.objects_folder / key

    def alarms(self, office: Office) -> list[dict[str, str]]:
        with office.ctx.ledger.read() as tx:
            return shapes.open_alarms(tx)

    @pytest.mark.parametrize("how", ["damaged", "missing"])
    def test_a_product_is_made_anew_by_retry(self, filed, how):
        document = filed.document("33/1")
        path = self.path(filed, document.object_key)
        path.write_bytes(b"x") if how == "damaged" else path.unlink()
        assert not self.verify(filed).ok
        assert filed.goal() == (2, 1)
        (alarm,) = self.alarms(filed)
        assert alarm["code"] == f"object_{how}"
        assert f"akten retry {document.id}" in alarm["hint"]
        retry(filed.ctx.ledger, [document.id])
        filed.work()
        assert filed.document("33/1").sha256 == document.sha256
        assert (filed.goal(), filed.alarms()) == ((2, 2), [])
        assert self.verify(filed).ok

    def test_an_original_holds_all_its_volumes_up_and_is_mended_by_the_same_file(self, filed):
        (key,) = filed.ctx.objects.keys("originals/")
        self.path(filed, key).write_bytes(b"x")
        assert not self.verify(filed).ok
        assert filed.goal() == (2, 0)
        assert filed.alarms() == ["object_damaged"] * 2
        assert "stapel.pdf" in self.alarms(filed)[0]["reason"]
        filed.take(filed.settings.data.parent / "scans")
        assert (filed.goal(), filed.alarms()) == ((2, 2), [])
        assert self.verify(filed).ok

    def test_words_hold_their_page_s_volume_up_until_restored(self, filed):
        with filed.ctx.ledger.read() as tx:
            query = "SELECT words_key FROM pages WHERE document_id = ? AND document_page = 1"
            document_id = filed.document("33/2").id
            key = tx.connection.exec_driver_sql(query, (document_id,)).scalar()
        path = self.path(filed, key)
        sound = path.read_bytes()
        path.unlink()
        self.verify(filed)
        assert filed.goal() == (2, 1)
        path.write_bytes(b"x")
        self.verify(filed)
        assert filed.alarms() == ["object_damaged"], "missing before, damaged now: one alarm"
        path.write_bytes(sound)
        # What is alarmed is looked at by any sample, however small.
        run = verify.begin(filed.ctx.ledger, 0.0001)
        assert verify.verify(filed.ctx.ledger, filed.ctx.objects, run).run.checked == 1
        assert (filed.goal(), filed.alarms()) == ((2, 2), [])

    def test_a_product_s_hash_changed_in_the_table(self, filed):
        document = filed.document("33/1")
        change = "UPDATE documents SET sha256 = ? WHERE id = ?"
        for sha256, ok in (("ab" * 32, False), (document.sha256, True)):
            with filed.ctx.ledger.write() as tx:
                tx.connection.exec_driver_sql(change, (sha256, document.id))
            assert self.verify(filed).ok == ok


class TestPdfa:
    """The two products are validated; that they are asked for at all, and what they claim, is made here."""

    @pytest.fixture(autouse=True)
    def claiming(self, monkeypatch):
        monkeypatch.setattr(pdfa, "claims", lambda _pdf: True)

    def answered(self, filed: Office, tmp_path: Path, monkeypatch, report: str) -> Verification:
        monkeypatch.setenv("PATH", validator.install(tmp_path / "bin", report))
        run = verify.begin(filed.ctx.ledger, pdfa=True)
        return verify.verify(filed.ctx.ledger, filed.ctx.objects, run)

    def test_conforming_ones_are_counted(self, filed, tmp_path, monkeypatch):
        found = self.answered(filed, tmp_path, monkeypatch, validator.conforming())
        assert found.ok
        assert shapes.verification(found)["pdfa"] == {
            "conforming": 2, "nonconforming": 0, "without_claim": 0, "without_claim_documents": [],
        }  # fmt: skip
        calls = (tmp_path / "bin" / "calls").read_text().splitlines()
        assert [call.endswith("/product.pdf") for call in calls] == [True, True]

    @pytest.mark.parametrize(
        ("report", "said"),
        [(validator.breaking(("6.6.1", 1)), "6.6.1-1"), (validator.failing(), "Couldn't parse stream")],
    )
    def test_others_are_problems_but_no_damage(self, filed, tmp_path, monkeypatch, report, said):
        found = self.answered(filed, tmp_path, monkeypatch, report)
        shape = shapes.verification(found)
        assert (found.ok, found.differences, shape["pdfa"]["nonconforming"]) == (False, 0, 2)
        assert all(said in problem for problem in shape["problems"])
        assert filed.document("33/1").id in " ".join(shape["problems"])
        assert (filed.goal(), filed.alarms()) == ((2, 2), [])

    def test_one_without_a_claim_is_listed_and_no_problem(self, filed, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(pdfa, "claims", lambda _pdf: False)
        found = self.answered(filed, tmp_path, monkeypatch, validator.breaking(("6.6.1", 1)))
        assert (found.ok, found.run.without_claim, len(found.without_claim)) == (True, 2, 2)
        assert not (tmp_path / "bin" / "calls").exists()
        trust.verification(shapes.verification(found))
        assert filed.document("33/1").id in capsys.readouterr().out

    def test_interrupted_it_goes_on_validating_with_what_it_had_found(self, filed, tmp_path, monkeypatch):
        verdicts = iter([verapdf.Verdict(False, ("6.6.1-1",)), Interrupted()])

        def validate(_pdf: Path) -> verapdf.Verdict:
            verdict = next(verdicts)
            if isinstance(verdict, Exception):
                raise verdict
            return verdict

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(verapdf, "validate", validate)
            with pytest.raises(Interrupted):
                self.answered(filed, tmp_path, monkeypatch, "")
        validator.install(tmp_path / "bin", validator.conforming())
        found = verify.verify(filed.ctx.ledger, filed.ctx.objects, verify.resume(filed.ctx.ledger))
        assert (found.run.conforming, found.run.nonconforming, len(found.problems)) == (1, 1, 1)

    def test_without_the_validator_nothing_is_begun(self, filed, tmp_path, monkeypatch):
        before = verify.verify(filed.ctx.ledger, filed.ctx.objects).run
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(ValidatorMissing):
            checking.verify(filed.ctx.ledger, filed.ctx.objects, checking.Choice(pdfa=True), quiet=True)
        with filed.ctx.ledger.read() as tx:
            assert verifications.unfinished(tx) is None
            assert verifications.last_finished(tx) == before


def test_every_kind_of_object_has_words_for_its_damage():
    assert {kind.name for kind in recorded.KINDS} == set(damage.WORDS)
