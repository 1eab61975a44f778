"""Which volume manifest and names give a file; where they leave a doubt, none."""

import unicodedata
from pathlib import Path, PurePosixPath

import pytest

from pipeline.intake.affiliation import Affiliation, Contradiction, Hint, volume_for
from pipeline.intake.delivery import Delivery
from pipeline.intake.manifest import Entry
from storage.ledger import Transaction, alarms, inventory
from tests.ledgers import new_ledger

ANY_NUMBER = r"33-2-\d{4}-\d{6}"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory):
    ledger = new_ledger(tmp_path_factory.mktemp("ledger") / "ledger.db")
    with ledger.write() as tx:
        for number, volume in (("33.2-2019/004711", 1), ("33.2-2019/004711", 2), ("12/345", 1), ("4711", 1),
                               ("33", 1), ("Auslä/1", 1)):  # fmt: skip
            key = number.replace("33.2-2019/004711", "33-2-2019-004711").replace("/", "-").casefold()
            inventory.put(
                tx,
                file_number=number,
                file_key=key,
                number=volume,
                new_ids=(f"case {key}", f"{number}:{volume}"),
                in_inventory=True,
            )
    yield ledger
    ledger.close()


@pytest.fixture
def of(ledger):
    """The hint for a file as (volume, what points to it); what is asked leaves no trace."""

    def of(name: str, entry: Entry | None = None, pattern: str = ""):
        asked = Delivery(Path(name), PurePosixPath(name), entry, 0)
        try:
            with ledger.write() as tx:
                hint = Affiliation(pattern).within(tx).of(asked)
                volume = inventory.by_id(tx, volume_of(tx, hint)) if isinstance(hint, Hint) else None
                known = [alarm.code for alarm in alarms.open_alarms(tx)]
                raise _UndoError
        except _UndoError:
            pass
        return (f"{volume.file_number}:{volume.number}", hint.by, known) if volume else hint

    return of


def volume_of(tx: Transaction, hint: Hint) -> str:
    return volume_for(tx, hint.file_number, hint.volume, hint.volume_id)


class _UndoError(Exception):
    pass


def entry(number: str, volume: int = 1) -> Entry:
    return Entry(2, PurePosixPath("a.pdf"), number, volume, None, None)


class TestManifest:
    def test_it_is_believed_whatever_the_names_say(self, of):
        assert of("12-345/4711.pdf", entry("33.2-2019/004711", 2)) == (
            "33.2-2019/004711:2", "manifest", []
        )  # fmt: skip

    def test_separators_and_capitals_do_not_matter(self, of):
        assert of("a.pdf", entry("33 2 2019_004711"))[0] == "33.2-2019/004711:1"

    def test_a_volume_nobody_announced_is_added_with_an_alarm(self, of):
        assert of("a.pdf", entry("99/9", 3)) == ("99/9:3", "manifest", ["not_in_inventory"])
        assert of("a.pdf", entry("12/345", 7)) == ("12/345:7", "manifest", ["not_in_inventory"])

    @pytest.mark.parametrize("nothing", ["", "  ", "./-"])
    def test_a_row_without_file_number_leaves_it_to_the_names(self, of, nothing):
        assert of("12-345/a.pdf", entry(nothing))[:2] == ("12/345:1", "name")


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "scans/33.2-2019_004711.pdf",
            "scans/33.2-2019_004711.TIFF",
            "scans/33.2-2019_004711",
            "scans/33.2-2019_004711/0001.jpg",
            "scans/33.2-2019_004711/sub/0001.jpg",
            "33-2-2019-004711/rest.pdf",
            "33.2-2019_004711_Bd1.pdf",
            "33.2-2019_004711/33.2-2019_004711.pdf",
        ],
    )
    def test_file_or_folder_may_be_named_like_the_file_number(self, of, name):
        assert of(name) == ("33.2-2019/004711:1", "name", [])

    @pytest.mark.parametrize(
        "name",
        [
            "33.2-2019_004711_Bd2.tif",
            "33.2-2019_004711 Band 2.pdf",
            "33.2-2019_004711-vol.02.pdf",
            "33.2-2019_004711 Bd. 2/0001.jpg",
            "33.2-2019_004711/Bd 2/33.2-2019_004711_Bd2.pdf",
            "33.2-2019_004711_Bd2/33.2-2019_004711.pdf",
            "33.2-2019_004711_Bd1/33.2-2019_004711_Bd2.pdf",
        ],
    )
    def test_with_a_volume_the_one_nearest_to_the_file(self, of, name):
        assert of(name) == ("33.2-2019/004711:2", "name", [])

    @pytest.mark.parametrize(
        "name",
        [
            "scan0001.pdf",
            "scans/paket-1/00000001.pdf",
            "33.2-2019_00471.pdf",
            "33.2-2019_004711x.pdf",
            "33.2-2019_004711_Bd0.pdf",
            "33.2-2019_004711_Bd1000.pdf",
            "123-45.pdf",
            "04711.pdf",
            "4711.0001",
            "_.pdf",
            "....pdf",
        ],
    )
    def test_what_only_resembles_one_gives_nothing(self, of, name):
        assert of(name) is None

    def test_the_end_of_a_file_number_is_no_ending(self, of):
        assert of("33.2-2019_004711")[0] == "33.2-2019/004711:1"  # and not 33
        assert of("33.pdf")[0] == "33:1"

    def test_umlauts_taken_apart_as_macos_packs_them(self, of):
        assert of(unicodedata.normalize("NFD", "Auslä_1.pdf"))[0] == "Auslä/1:1"

    def test_names_of_two_case_files_are_a_contradiction(self, of):
        """A scanner that counts its images meets a file number sooner or later."""
        assert of("12-345/4711.jpg") == Contradiction()
        assert of("33.2-2019_004711/12-345/0001.jpg") == Contradiction()


class TestPattern:
    def test_without_one_only_known_numbers_count(self, of):
        assert of("33.2-2020_000001.pdf") is None

    def test_a_number_of_the_right_form_is_added_with_an_alarm(self, of):
        assert of("33.2-2020_000001_Bd3.pdf", pattern=ANY_NUMBER) == (
            "33.2-2020_000001:3", "name", ["not_in_inventory"]
        )  # fmt: skip

    def test_the_whole_name_has_to_be_of_that_form(self, of):
        assert of("33.2-2020_000001-7.pdf", pattern=ANY_NUMBER) is None
        assert of("x33.2-2020_000001.pdf", pattern=ANY_NUMBER) is None

    def test_it_contradicts_other_names_like_a_known_number(self, of):
        assert of("12-345/33.2-2020_000001.pdf", pattern=ANY_NUMBER) == Contradiction()
