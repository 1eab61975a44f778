"""A contractor's manifest, row by row: what is believed, and what is a fault."""

from pathlib import Path, PurePosixPath

import pytest

from errors import UnreadableList, fill
from pipeline.intake.manifest import Entry, Manifest, read_manifest

HASH = "ab" * 32
HEADER = "path,file_number,volume,pages,sha256"


@pytest.fixture
def read(tmp_path: Path):
    def read(*rows: str, header: str = HEADER, encoding: str = "utf-8") -> Manifest:
        path = tmp_path / "manifest.csv"
        path.write_text("\n".join([header, *rows, ""]), encoding=encoding)
        return read_manifest(path)

    return read


def faults(found: Manifest) -> list[tuple[int, str]]:
    return [(fault.line, fill(fault.message, fault.params)) for fault in found.faults]


class TestRows:
    def test_all_columns(self, read):
        found = read(f"a/1.pdf,33.2-2019/004711,2,120,{HASH.upper()}")
        path = PurePosixPath("a/1.pdf")
        assert found.entries == {path: Entry(2, path, "33.2-2019/004711", 2, 120, HASH)}

    def test_what_is_left_open(self, read):
        (entry,) = read("a.pdf,33/1,,,").entries.values()
        assert (entry.volume, entry.pages, entry.sha256) == (1, None, None)

    def test_german_headings_and_semicolons_from_windows(self, read):
        found = read(
            f"Müller.pdf;33/1;2,0;12;{HASH}",
            header="Datei;Aktenzeichen;Band;Seiten;Prüfsumme",
            encoding="cp1252",
        )
        (entry,) = found.entries.values()
        assert entry == Entry(2, PurePosixPath("Müller.pdf"), "33/1", 2, 12, HASH)

    @pytest.mark.parametrize(
        "path",
        ["/etc/passwd", "../a.pdf", "a/../../b.pdf", "..\\a.pdf", "C:\\scans\\a.pdf", "\\\\nas\\a", ""],
    )
    def test_a_path_that_leads_out_of_the_folder_is_a_fault(self, read, path):
        found = read(f"{path},33/1,,,", "a.pdf,33/1,,,")
        assert faults(found) == [(2, f"'{path}' is no path below the manifest's folder")]
        assert list(found.entries) == [PurePosixPath("a.pdf")]

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ("a.pdf,33/1,0,,", "'0' is no volume number"),
            ("a.pdf,33/1,eins,,", "'eins' is no volume number"),
            ("a.pdf,33/1,1,-3,", "'-3' is no number of pages"),
            ("a.pdf,33/1,1,3,abc", "'abc' is no SHA-256"),
            (f"a.pdf,33/1,1,3,{HASH}0", f"'{HASH}0' is no SHA-256"),
            ("a.pdf,33/1,1,3,,zu viel", "there are more fields than the header has"),
        ],
    )
    def test_what_cannot_be_meant_is_a_fault_and_never_half_believed(self, read, row, said):
        found = read(row, "b.pdf,33/2,,,")
        assert faults(found) == [(2, said)]
        assert list(found.entries) == [PurePosixPath("b.pdf")]


class TestAFileNamedTwice:
    def test_for_the_same_volume_it_keeps_it(self, read):
        found = read("a.pdf,33/1,1,,", "./a.pdf,33-1,1,,")
        assert faults(found) == [(3, "stands already in line 2")]
        assert found.entries[PurePosixPath("a.pdf")].file_number == "33/1"

    @pytest.mark.parametrize("other", ["a.pdf,33/2,1,,", "a.pdf,33/1,2,,"])
    def test_for_two_volumes_nobody_knows_which_is_right(self, read, other):
        found = read("a.pdf,33/1,1,7,", other, "a.pdf,33/1,1,,")
        assert [line for line, _ in faults(found)] == [3, 4]
        entry = found.entries[PurePosixPath("a.pdf")]
        assert (entry.file_number, entry.pages) == ("", 7)


class TestNoManifest:
    @pytest.mark.parametrize("header", ["path,volume", "file_number", "a,b,c", ""])
    def test_without_path_and_file_number(self, read, header):
        with pytest.raises(UnreadableList):
            read("a.pdf,33/1,1", header=header)

    def test_without_rows(self, read):
        with pytest.raises(UnreadableList):
            read()
