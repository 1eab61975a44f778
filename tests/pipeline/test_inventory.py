"""The inventory list as German offices write it: what is read, what is refused, what an update does."""

from pathlib import Path

import pytest

from errors import UnreadableList, fill
from pipeline.intake.inventory import Import, import_inventory
from pipeline.intake.lists import Fault, Row, read_table, whole_number
from storage.ledger import Ledger, Transaction, alarms, counts, documents, inventory, pages, sources
from storage.ledger.leases import Claim
from storage.ledger.pages import PageOutcome, Place
from tests.ledgers import new_ledger

ME = Claim("host/1/1.0", 60)
HASH = "ab" * 32


@pytest.fixture
def ledger(tmp_path: Path):
    ledger = new_ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture
def take(ledger, tmp_path):
    """Import a list given as text (UTF-8 unless said otherwise) or bytes."""

    def take(content: str | bytes, encoding: str = "utf-8") -> Import:
        path = tmp_path / "bestand.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return import_inventory(ledger, path)

    return take


def volumes(ledger: Ledger) -> list[inventory.Volume]:
    with ledger.read() as tx:
        return list(inventory.all_volumes(tx))


def numbers(ledger: Ledger) -> list[tuple[str, int]]:
    return [(volume.file_number, volume.number) for volume in volumes(ledger)]


def faults(result: Import) -> list[tuple[int, str]]:
    return [(fault.line, fill(fault.message, fault.params)) for fault in result.faults]


class TestWhatOfficeSoftwareWrites:
    @pytest.mark.parametrize(
        ("encoding", "holder"),
        [
            ("utf-8", "Özgür Groß"),
            ("utf-8-sig", "Özgür Groß"),
            ("latin-1", "Özgür Groß"),
            ("cp1252", "Özgür Groß, 5 €"),
            ("utf-16", "Özgür Groß"),
            ("utf-16-le", "\ufeffÖzgür Groß"),
        ],
    )
    def test_umlauts_and_euro_signs_in_every_encoding_of_windows(self, take, ledger, encoding, holder):
        mark, name = ("\ufeff", holder[1:]) if holder[0] == "\ufeff" else ("", holder)
        assert take(f"{mark}Aktenzeichen;Bemerkung\r\n33/1;{name}\r\n", encoding).added == 1
        assert volumes(ledger)[0].remark == name

    @pytest.mark.parametrize("end", ["\r\n", "\n"])
    @pytest.mark.parametrize("delimiter", [";", ",", "\t"])
    def test_delimiters_and_line_ends(self, take, ledger, delimiter, end):
        rows = [("Aktenzeichen", "Band"), ("33/1", "1"), ("33/1", "2")]
        take(end.join(delimiter.join(row) for row in rows))
        assert numbers(ledger) == [("33/1", 1), ("33/1", 2)]

    def test_excel_names_the_delimiter_in_a_line_before_the_header(self, take, ledger):
        result = take("sep=;\r\nAktenzeichen;Band\r\n33/1;1\r\n33/2;x\r\n")
        assert numbers(ledger) == [("33/1", 1)]
        assert [line for line, _ in faults(result)] == [4]

    def test_the_delimiter_is_the_one_that_finds_columns_not_the_most_frequent(self, take, ledger):
        take('"Name, Vorname, Titel";Aktenzeichen\r\n"Muster, Eva, Dr.";33/1\r\n')
        assert numbers(ledger) == [("33/1", 1)]

    def test_empty_columns_and_rows_at_the_end_and_before_the_header_do_no_harm(self, take, ledger):
        result = take(";;;\r\n\r\nAktenzeichen;Band;;\r\n33/1;1;;;;\r\n;;;\r\n33/2;;\r\n\r\n;;;\r\n")
        assert numbers(ledger) == [("33/1", 1), ("33/2", 1)]
        assert result.faults == ()

    def test_a_quoted_field_may_hold_line_breaks_delimiters_and_quotation_marks(self, take, ledger):
        result = take('Az;Bemerkung\r\n33/1;"zwei\r\nZeilen; ""wirklich"""\r\n33/2;\r\n;x\r\n')
        assert volumes(ledger)[0].remark == 'zwei\r\nZeilen; "wirklich"'
        assert [line for line, _ in faults(result)] == [5]

    def test_numbers_kept_as_text_by_an_equals_sign(self, take, ledger):
        take('Az;Band\n="0815/47";="2"\n')
        assert numbers(ledger) == [("0815/47", 2)]

    @pytest.mark.parametrize(
        "header",
        [
            "file_number;volume;holder;box;remark;pages",
            "File Number;Volume;Holder Name;Box;Remark;Pages",
            "AKTENZEICHEN;BAND;NAME;KARTON;BEMERKUNG;SEITEN",
            "Az.;Bd.;Inhaber;Kiste;Hinweis;Seitenzahl",
            "Akten-Nr.; Band-Nr. ;Person;Karton-Nr.;Bemerkungen;Anzahl Seiten",
            "Gescha\u0308ftszeichen;Band;Name;Karton;Bemerkung;Seiten",
        ],
    )
    def test_headings_in_german_and_english(self, take, ledger, header):
        take(f"{header}\r\n33/1;2;Eva Muster;K7;rot;120\r\n")
        (volume,) = volumes(ledger)
        assert (volume.file_number, volume.number, volume.box) == ("33/1", 2, "K7")
        assert (volume.remark, volume.expected_pages) == ("rot", 120)

    def test_columns_we_do_not_know_are_passed_over(self, take, ledger):
        take("Standort;Aktenzeichen;Farbe\nKeller;33/1;blau\n")
        assert numbers(ledger) == [("33/1", 1)]

    @pytest.mark.parametrize("written", ["7", "07", "7.0", "7,0", "7,00"])
    def test_whole_numbers_as_spreadsheets_write_them(self, written):
        assert whole_number(written, lowest=1, highest=999) == 7

    @pytest.mark.parametrize(
        "written", ["", "x", "-7", "+7", "7.5", "1.000", "7e0", "1_0", "٧", "7 Seiten", "9" * 400]
    )
    def test_what_may_mean_something_else_is_no_number(self, written):
        with pytest.raises(ValueError, match="no whole number"):
            whole_number(written, lowest=0, highest=100_000)

    def test_a_large_list_is_taken_in_several_transactions(self, take, ledger):
        result = take("Az;Band\n" + "".join(f"33/{number};1\n" for number in range(1201)) + "33/7;1\n")
        assert (result.added, faults(result)) == (1201, [(1203, "stands already in line 9")])


class TestNoList:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\r\n\r\n",
            b"Band;Name\n1;Eva\n",
            b"33/1;1\n33/2;1\n",
            b"%PDF-1.7\n\x00\x01\x02",
            b"PK\x03\x04\x00\x00",
            b"Aktenzeichen;Az\n33/1;33/2\n",
        ],
    )
    def test_without_the_column_of_file_numbers_or_with_two_nothing_is_taken(self, take, ledger, content):
        with pytest.raises(UnreadableList):
            take(content)
        assert numbers(ledger) == []

    def test_a_file_that_is_not_there(self, ledger, tmp_path):
        with pytest.raises(UnreadableList):
            import_inventory(ledger, tmp_path / "none.csv")
        with pytest.raises(UnreadableList):
            import_inventory(ledger, tmp_path)


class TestFaults:
    def test_each_is_reported_with_its_line_and_the_others_are_taken(self, take, ledger):
        result = take(
            "Aktenzeichen;Band;Seiten\n"
            "33/1;1;10\n"
            ";1;10\n"
            "33/3;null;10\n"
            "33/4;1;viele\n"
            "33/5;0;\n"
            "33/6;1;-1\n"
            + "3" * 81
            + ";1;1\n"
            "33/\x07;1;1\n"
            "...;1;1\n"
            "33/9;;\n"
        )  # fmt: skip
        assert numbers(ledger) == [("33/1", 1), ("33/9", 1)]
        assert faults(result) == [
            (3, "the file number is missing"),
            (4, "'null' is no volume number"),
            (5, "'viele' is no number of pages"),
            (6, "'0' is no volume number"),
            (7, "'-1' is no number of pages"),
            (8, "the file number is too long or has unprintable characters"),
            (9, "the file number is too long or has unprintable characters"),
            (10, "the file number is missing"),
        ]

    def test_a_volume_named_twice_in_one_list(self, take):
        result = take("Az;Band\n33/1;1\n33/2;1\n33/1;2\n33/1;1\n33-2;1\n")
        assert result.added == 3
        assert faults(result) == [(5, "stands already in line 2"), (6, "stands already in line 3")]

    def test_numbers_that_differ_in_separators_only_would_be_one_and_are_refused(self, take, ledger):
        take("Az;Band\n33/12\n")
        result = take("Az;Band\n33-12;2\n33 12;3\n33/1-2;1\n")
        assert [line for line, _ in faults(result)] == [2, 3]
        assert numbers(ledger) == [("33/1-2", 1), ("33/12", 1)]

    def test_capitals_make_no_other_number(self, take, ledger):
        take("Az;Band\n33/a1;1\n")
        assert take("Az;Band\n33/A1;2\n").faults == ()
        assert numbers(ledger) == [("33/a1", 1), ("33/a1", 2)]

    def test_umlauts_composed_otherwise_make_no_other_number(self, take):
        take("Az\nAuslä/1\n")
        assert take("Az\nAusla\u0308/1\n").unchanged == 1

    def test_a_row_with_more_fields_than_the_header_has_slipped(self, take, ledger):
        result = take("Az;Name;Seiten\n33/1;Muster; Eva;10\n33/2;Muster, Eva;10\n")
        assert [line for line, _ in faults(result)] == [2]
        assert numbers(ledger) == [("33/2", 1)]

    def test_a_stray_quotation_mark_swallows_no_rows_in_silence(self, take, ledger):
        result = take('Az;Bemerkung\n33/1;"offen\n33/2;x\n33/3;"noch einer\n33/4;gut\n33/5;"offen\n33/6;y\n')
        assert faults(result) == [
            (2, "the quotation marks do not match up to line 4"),
            (6, "the quotation marks do not match up to line 7"),
        ]
        assert numbers(ledger) == [("33/4", 1)]

    def test_a_field_of_absurd_length(self, take, ledger):
        result = take("Az;Bemerkung\n33/1;" + "x" * 200_000 + "\n33/2;y\n")
        assert [line for line, _ in faults(result)] == [2]
        assert numbers(ledger) == [("33/2", 1)]


class TestRows:
    def test_a_row_knows_the_line_it_begins_in(self, tmp_path):
        path = tmp_path / "list.csv"
        path.write_text('sep=,\nb,a\n"1\n2",3\n,\n4,"5"x\n6,7\n', encoding="utf-8")
        found = list(read_table(path, {"a": (), "b": ()}, ["a"]))
        assert found[0] == Row(3, {"a": "3", "b": "1\n2"})
        assert isinstance(found[1], Fault)
        assert found[1].line == 6
        assert found[2] == Row(7, {"a": "7", "b": "6"})


class TestImportingAgain:
    def test_the_same_list_changes_nothing(self, take):
        text = "Az;Band;Name;Karton;Bemerkung;Seiten\n33/1;1;Eva;K1;rot;10\n33/1;2;Eva;K1;;\n"
        assert (take(text).added, take(text).unchanged) == (2, 2)

    def test_what_differs_is_updated_and_what_is_not_named_stays(self, take, ledger):
        take("Az;Karton;Bemerkung;Seiten\n33/1;K1;rot;10\n33/2;K1;;5\n")
        result = take("Az;Karton;Bemerkung\n33/1;K2;\n")
        assert (result.added, result.updated, result.unchanged) == (0, 1, 0)
        first, second = volumes(ledger)
        assert (first.box, first.remark, first.expected_pages) == ("K2", "rot", 10)
        assert second.file_number == "33/2"

    def test_ids_on_printed_sheets_stay(self, take, ledger):
        take("Az;Seiten\n33/1;10\n")
        before = volumes(ledger)[0].id
        take("Az;Seiten\n33/1;20\n")
        assert volumes(ledger)[0].id == before

    def test_every_change_is_an_event(self, take, ledger, tmp_path):
        take("Az;Name;Seiten\n33/1;Eva Muster;10\n")
        take("Az;Name;Seiten\n33/1;Eva Anders;11\n")
        assert events(ledger) == ["case_file.added", "volume.added", "case_file.changed", "volume.changed"]


class TestReaders:
    @staticmethod
    def readers(ledger: Ledger) -> dict[str, tuple[tuple[str, ...], int | None]]:
        """Whom each volume's document is for."""
        with ledger.write() as tx:
            for volume in inventory.all_volumes(tx):
                documents.ensure(tx, volume.id, volume_id=volume.id, stack_id=None)
            return {one.file_number: (one.groups, one.confidentiality) for one in documents.all_documents(tx)}

    @pytest.mark.parametrize(
        "header",
        ["Az;Gruppen;Vertraulichkeit", "file_number;groups;confidentiality", "Az;Leserechte;Schutzstufe"],
    )
    def test_groups_and_confidentiality_are_the_case_files(self, take, ledger, header):
        result = take(f'{header}\n33/1;"Asyl, Ausweisung";2\n33/2;;\n33/3;*;0\n')
        assert result.faults == ()
        assert self.readers(ledger) == {
            "33/1": (("Asyl", "Ausweisung"), 2),
            "33/2": ((), 0),
            "33/3": ((), 0),
        }

    def test_what_a_later_list_does_not_say_stays_and_a_star_lets_everybody_in(self, take, ledger):
        take("Az;Gruppen;Vertraulichkeit\n33/1;Asyl;2\n33/2;Asyl;2\n")
        assert take("Az;Gruppen;Vertraulichkeit\n33/1;;\n33/2;*;\n").updated == 1
        assert self.readers(ledger) == {"33/1": (("Asyl",), 2), "33/2": ((), 2)}

    def test_a_change_has_all_its_documents_indexed_again(self, take, ledger):
        take("Az;Band;Gruppen\n33/1;1;a|b\n33/1;2;\n33/2;1;a\n")
        self.readers(ledger)
        with ledger.write() as tx:
            for one in documents.all_documents(tx):
                documents.mark_indexed(tx, one)
        take("Az;Band;Gruppen\n33/1;1;b, a\n33/2;1;a\n")
        with ledger.read() as tx:
            assert documents.count_to_index(tx) == 0
        take("Az;Band;Vertraulichkeit\n33/1;1;1\n33/2;1;\n")
        with ledger.read() as tx:
            assert {one.file_number for one in documents.to_index(tx, 9)} == {"33/1"}
            assert documents.count_to_index(tx) == 2

    def test_of_what_no_inventory_names_nobody_has_said_whom_it_is_for(self, take, ledger):
        with ledger.write() as tx:
            put = {"file_number": "33_1", "file_key": "33-1", "number": 1, "new_ids": ("case", "V1")}
            inventory.put(tx, **put, in_inventory=False)
            documents.ensure(tx, "V1", volume_id="V1", stack_id=None)
            documents.ensure(tx, "stack", volume_id=None, stack_id=None)
            assert [one.confidentiality for one in documents.all_documents(tx)] == [None, None]
            documents.mark_indexed(tx, documents.get(tx, "V1"))
        take("Az\n33_1\n")
        with ledger.read() as tx:
            assert documents.get(tx, "V1").confidentiality == 0
            assert [one.id for one in documents.to_index(tx, 9)] == ["V1"]

    def test_rows_that_make_no_sense_are_refused(self, take, ledger):
        result = take(
            "Az;Band;Gruppen;Vertraulichkeit\n33/1;1;Asyl;2\n33/1;2;Pass;2\n33/1;3;;3\n33/1;4;Asyl;\n"
            f'33/2;1;;10\n33/3;1;"*, Asyl";\n33/4;1;{"x" * 81};\n33/5;1;",";\n33/6;1;;geheim\n'
        )
        assert faults(result) == [
            (3, "line 2 says that the file is for others"),
            (4, "line 2 says that the file is for others"),
            (6, "'10' is no confidentiality from 0 to 9"),
            (7, "'*' means everybody and stands alone"),
            (8, "a group's name is too long or has unprintable characters"),
            (9, "',' names no group"),
            (10, "'geheim' is no confidentiality from 0 to 9"),
        ]
        assert self.readers(ledger) == {"33/1": (("Asyl",), 2)}


class TestScannedBeforeListed:
    @pytest.fixture
    def scanned(self, ledger) -> str:
        """A volume known from a folder's name only, where no "/" can stand."""
        with ledger.write() as tx:
            inventory.put(
                tx,
                file_number="33_1",
                file_key="33-1",
                number=1,
                new_ids=("case", "VOLUME1"),
                in_inventory=False,
            )
            alarms.sound(tx, "not_in_inventory", "VOLUME1", volume_id="VOLUME1", params={})
        digitise(ledger, "VOLUME1", 2)
        return "VOLUME1"

    def test_the_list_makes_it_part_of_the_goal_and_ends_the_alarm(self, take, ledger, scanned):
        assert goal(ledger) == (0, 0)
        assert take("Az;Seiten\n33/1;2\n").updated == 1
        assert goal(ledger) == (1, 1)
        assert open_alarms(ledger) == []

    def test_the_lists_spelling_holds_and_the_index_learns_it(self, take, ledger, scanned):
        with ledger.write() as tx:
            documents.mark_indexed(tx, documents.get(tx, scanned))
            assert documents.count_to_index(tx) == 0
        assert take("Az\n33/1\n").faults == ()
        assert numbers(ledger) == [("33/1", 1)]
        with ledger.read() as tx:
            (due,) = documents.to_index(tx, 9)
        assert due.file_number == "33/1"

    def test_another_volume_of_it_in_the_list_leaves_the_alarm(self, take, ledger, scanned):
        take("Az;Band\n33/1;2\n")
        assert open_alarms(ledger) == ["not_in_inventory"]
        assert goal(ledger) == (1, 0)


class TestExpectedPagesAfterDigitisation:
    @pytest.fixture
    def digitised(self, take, ledger) -> None:
        """One volume of two pages and a blank one, stored as expected."""
        take("Az;Seiten\n33/1;2\n")
        digitise(ledger, volumes(ledger)[0].id, 2, blank=1)
        assert goal(ledger) == (1, 1)

    @pytest.mark.usefixtures("digitised")
    def test_another_number_in_the_inventory_sounds_the_alarm_and_the_goal_falls(self, take, ledger):
        take("Az;Seiten\n33/1;7\n")
        with ledger.read() as tx:
            (alarm,) = alarms.open_alarms(tx)
        assert alarm.code == "pages_differ"
        assert (alarm.params["expected"], alarm.params["actual"], alarm.params["blank"]) == (7, 2, 1)
        assert goal(ledger) == (1, 0)

    @pytest.mark.usefixtures("digitised")
    @pytest.mark.parametrize("right", [2, 3])
    def test_the_right_number_ends_it_blank_pages_counted_or_not(self, take, ledger, right):
        take("Az;Seiten\n33/1;7\n")
        take(f"Az;Seiten\n33/1;{right}\n")
        assert open_alarms(ledger) == []
        assert goal(ledger) == (1, 1)

    def test_a_volume_not_scanned_yet_is_missing_not_wrong(self, take, ledger):
        take("Az;Seiten\n33/1;2\n")
        take("Az;Seiten\n33/1;7\n")
        assert open_alarms(ledger) == []


def digitise(ledger: Ledger, volume_id: str, count: int, blank: int = 0) -> None:
    """Store a document of ``count`` pages for a volume, and file ``blank`` blank ones."""
    with ledger.write() as tx:
        source = sources.NewSource(HASH[:20], HASH, "a.pdf", 1, "k", "stack", 0, volume_id, "name", None)
        sources.register_batch(tx, "batch", "b", {"stack": "a.pdf"}, [source])
        page_ids = sources.split(tx, sources.claim(tx, source.id, ME), "PDF", count + blank, "stack")
        for place, page_id in enumerate(page_ids):
            pages.finish(tx, page_id, outcome("recognised" if place < count else "blank"))
        documents.ensure(tx, volume_id, volume_id=volume_id, stack_id=None)
        pages.place(tx, [Place(page_id, volume_id, "unknown", False) for page_id in page_ids])
        documents.touch(tx, volume_id)
        sources.set_stack_state(tx, "stack", "filed")
        store(tx, volume_id, page_ids[:count])


def store(tx: Transaction, volume_id: str, page_ids: list[str]) -> None:
    document = documents.claim(tx, volume_id, ME)
    assert documents.store(tx, document, documents.Stored("products/x", HASH, 5), page_ids)


def outcome(stage: str) -> PageOutcome:
    return PageOutcome(stage, "unknown", [], {"width": 1}, None, 90.0)


def goal(ledger: Ledger) -> tuple[int, int]:
    with ledger.read() as tx:
        found = counts.goal(tx)
    return found.inventory, found.digitised


def open_alarms(ledger: Ledger) -> list[str]:
    with ledger.read() as tx:
        return [alarm.code for alarm in alarms.open_alarms(tx)]


def events(ledger: Ledger) -> list[str]:
    with ledger.read() as tx:
        return [row.kind for row in tx.connection.exec_driver_sql("SELECT kind FROM events ORDER BY id")]
