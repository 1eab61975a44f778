"""Finding the files of a delivery: order, junk, links, strange names, and what manifests say of them."""

import os
import unicodedata
from pathlib import Path

import pytest

from errors import NothingToDo
from pipeline.intake.delivery import Findings, find, natural, printable

APPLE_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "


def put(folder: Path, *names: str, content: bytes = b"x") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def manifest(folder: Path, *rows: str, header: str = "path,file_number", name: str = "manifest.csv") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join([header, *rows, ""]), encoding="utf-8")


def names(found: Findings) -> list[str]:
    return [str(delivery.name) for delivery in found.deliveries]


def oddities(found: Findings) -> list[tuple[str, str]]:
    return [(oddity.code, oddity.subject) for oddity in found.oddities]


def numbers(found: Findings) -> dict[str, str | None]:
    """What the manifest says of each file."""
    return {str(one.name): one.entry.file_number if one.entry else None for one in found.deliveries}


class TestOrder:
    def test_page_2_comes_before_page_10(self, tmp_path):
        put(tmp_path / "s", "10.jpg", "9.jpg", "Seite 2.jpg", "Seite 10.jpg", "a/1.jpg", "B/1.jpg")
        assert names(find([tmp_path / "s"])) == [
            "s/9.jpg", "s/10.jpg", "s/a/1.jpg", "s/B/1.jpg", "s/Seite 2.jpg", "s/Seite 10.jpg"
        ]  # fmt: skip

    def test_names_that_count_the_same_still_have_one_order(self):
        assert sorted(["01.jpg", "1.JPG", "1.jpg"], key=natural) == ["01.jpg", "1.JPG", "1.jpg"]
        assert sorted(["1.jpg", "1.JPG", "01.jpg"], key=natural) == ["01.jpg", "1.JPG", "1.jpg"]

    def test_files_given_one_by_one_are_put_in_order_too_as_a_shell_does_not(self, tmp_path):
        put(tmp_path, "1.jpg", "10.jpg", "2.jpg", "b/1.jpg")
        given = [tmp_path / name for name in ("1.jpg", "10.jpg", "2.jpg", "b/1.jpg")]
        assert names(find(given)) == ["1.jpg", "2.jpg", "10.jpg", "1.jpg"]

    def test_folders_come_in_the_order_given(self, tmp_path):
        put(tmp_path, "b/1.pdf", "a/1.pdf")
        assert names(find([tmp_path / "b", tmp_path / "a"])) == ["b/1.pdf", "a/1.pdf"]

    def test_places_tell_what_lay_side_by_side(self, tmp_path):
        put(tmp_path / "s", "1.jpg", "2.jpg", "4.jpg", "Thumbs.db")
        (tmp_path / "s" / "3.jpg").symlink_to("2.jpg")
        assert [one.place for one in find([tmp_path / "s"]).deliveries] == [0, 1, 3]


class TestPaths:
    @pytest.mark.parametrize("spelling", ["scans", "scans/", "./scans", "scans/.", "scans/../scans", "."])
    def test_a_folder_has_its_own_name_however_it_is_given(self, tmp_path, monkeypatch, spelling):
        put(tmp_path / "scans", "a.pdf")
        monkeypatch.chdir(tmp_path / "scans" if spelling == "." else tmp_path)
        assert names(find([Path(spelling)])) == ["scans/a.pdf"]

    def test_a_single_file(self, tmp_path):
        put(tmp_path, "a.pdf")
        assert names(find([tmp_path / "a.pdf"])) == ["a.pdf"]

    def test_nothing_is_found_twice_however_often_it_is_given(self, tmp_path, monkeypatch):
        put(tmp_path / "s", "sub/a.pdf", "b.pdf")
        monkeypatch.chdir(tmp_path)
        given = [tmp_path / "s" / "sub", Path("s"), tmp_path / "s", tmp_path / "s" / "b.pdf"]
        assert names(find(given)) == ["s/b.pdf", "s/sub/a.pdf"]
        assert len(find([tmp_path / "s"] * 2).deliveries) == 2

    @pytest.mark.parametrize("missing", ["none", "s/none.pdf"])
    def test_a_path_that_is_not_there_is_said_before_anything_is_done(self, tmp_path, missing):
        put(tmp_path, "s/a.pdf")
        with pytest.raises(NothingToDo):
            find([tmp_path / "s", tmp_path / missing])

    def test_a_folder_without_files(self, tmp_path):
        (tmp_path / "s" / "inner").mkdir(parents=True)
        put(tmp_path / "s", "Thumbs.db")
        with pytest.raises(NothingToDo):
            find([tmp_path / "s"])

    def test_a_link_to_a_folder_is_followed_if_it_is_what_was_given(self, tmp_path):
        put(tmp_path / "real", "a.pdf")
        (tmp_path / "link").symlink_to("real")
        assert names(find([tmp_path / "link"])) == ["real/a.pdf"]

    def test_a_link_to_itself_leads_nowhere(self, tmp_path):
        (tmp_path / "loop").symlink_to("loop")
        with pytest.raises(NothingToDo):
            find([tmp_path / "loop"])


class TestWhatIsNoScan:
    def test_what_office_systems_leave_is_passed_over_in_silence(self, tmp_path):
        put(tmp_path / "s", "a.pdf", "Thumbs.db", "desktop.ini", ".DS_Store", "sub/THUMBS.DB")
        put(tmp_path / "s", "._a.pdf", "__MACOSX/._a.pdf", content=APPLE_DOUBLE)
        found = find([tmp_path / "s"])
        assert names(found) == ["s/a.pdf"]
        assert oddities(found) == []

    def test_a_scan_that_is_only_named_like_that_is_taken(self, tmp_path):
        put(tmp_path / "s", "._a.pdf", content=b"%PDF-1.7")
        assert names(find([tmp_path / "s"])) == ["s/._a.pdf"]

    def test_links_in_a_folder_are_not_followed_but_said(self, tmp_path):
        put(tmp_path, "outside/secret.pdf", "s/a.pdf")
        (tmp_path / "s" / "file.pdf").symlink_to(tmp_path / "outside" / "secret.pdf")
        (tmp_path / "s" / "folder").symlink_to(tmp_path / "outside")
        (tmp_path / "s" / "up").symlink_to("..")
        (tmp_path / "s" / "broken.pdf").symlink_to("nowhere")
        found = find([tmp_path / "s"])
        assert names(found) == ["s/a.pdf"]
        assert sorted(oddities(found)) == [
            ("link_skipped", f"s/{name}") for name in ("broken.pdf", "file.pdf", "folder", "up")
        ]

    def test_pipes_and_sockets_are_said_and_not_opened(self, tmp_path):
        put(tmp_path / "s", "a.pdf")
        os.mkfifo(tmp_path / "s" / "b.pdf")
        found = find([tmp_path / "s"])
        assert names(found) == ["s/a.pdf"]
        assert oddities(found) == [("no_regular_file", "s/b.pdf")]

    def test_a_folder_that_cannot_be_listed_is_said_and_the_rest_is_found(self, tmp_path, monkeypatch):
        put(tmp_path / "s", "a.pdf", "b/b.pdf", "c.pdf")
        scandir = os.scandir

        def refusing(folder):
            if Path(folder).name == "b":
                raise PermissionError(13, "Permission denied")
            return scandir(folder)

        monkeypatch.setattr(os, "scandir", refusing)  # root may list everything
        found = find([tmp_path / "s"])
        assert names(found) == ["s/a.pdf", "s/c.pdf"]
        assert oddities(found) == [("unreadable", "s/b")]


class TestStrangeNames:
    def test_bytes_that_are_no_utf8(self, tmp_path):
        put(tmp_path / "s", os.fsdecode(b"M\xfcller.pdf"), os.fsdecode("Özgür.pdf".encode()))
        found = find([tmp_path / "s"])
        assert sorted(names(found)) == ["s/M\ufffdller.pdf", "s/Özgür.pdf"]
        assert all(one.path.read_bytes() == b"x" for one in found.deliveries)

    def test_control_characters_do_not_reach_anybodys_terminal(self):
        assert printable("a\x1b[2J\nb\u202e.pdf") == "a\ufffd[2J\ufffdb\ufffd.pdf"

    def test_umlauts_taken_apart_are_put_together(self):
        assert printable(unicodedata.normalize("NFD", "Müller")) == "Müller"


class TestManifest:
    def test_each_file_gets_what_it_says(self, tmp_path):
        put(tmp_path / "s", "a.pdf", "sub/b.pdf")
        manifest(tmp_path / "s", "a.pdf,33/1", "sub/b.pdf,33/2")
        assert numbers(find([tmp_path / "s"])) == {"s/a.pdf": "33/1", "s/sub/b.pdf": "33/2"}

    def test_missing_and_extra_files_are_both_said(self, tmp_path):
        put(tmp_path / "s", "a.pdf", "extra.pdf")
        manifest(tmp_path / "s", "a.pdf,33/1", "sub/gone.pdf,33/2")
        found = find([tmp_path / "s"])
        assert oddities(found) == [("missing_file", "s/sub/gone.pdf"), ("not_in_manifest", "s/extra.pdf")]
        assert found.oddities[0].delivery.entry.file_number == "33/2"

    @pytest.mark.parametrize("called", ["manifest.csv", "Manifest.csv", "MANIFEST.CSV"])
    def test_capitals_in_its_name_do_not_matter(self, tmp_path, called):
        put(tmp_path / "s", "a.pdf")
        manifest(tmp_path / "s", "a.pdf,33/1", name=called)
        assert numbers(find([tmp_path / "s"])) == {"s/a.pdf": "33/1"}

    def test_of_two_in_one_folder_the_second_is_said(self, tmp_path):
        put(tmp_path / "s", "a.pdf")
        manifest(tmp_path / "s", "a.pdf,33/1", name="MANIFEST.CSV")
        manifest(tmp_path / "s", "a.pdf,33/2", name="manifest.csv")
        found = find([tmp_path / "s"])
        assert numbers(found) == {"s/a.pdf": "33/1"}
        assert oddities(found) == [("bad_manifest", "s/manifest.csv")]

    @pytest.mark.parametrize(
        ("written", "on_disk"),
        [
            ("Müller.pdf", unicodedata.normalize("NFD", "Müller.pdf")),
            (unicodedata.normalize("NFD", "Müller.pdf"), "Müller.pdf"),
            ("SCAN01.PDF", "scan01.pdf"),
            ("Paket 1\\Scan01.pdf", "paket 1/scan01.pdf"),
            ("./a.pdf", "a.pdf"),
            ("sub//a.pdf", "sub/a.pdf"),
        ],
    )
    def test_names_as_windows_and_macos_spell_them(self, tmp_path, written, on_disk):
        put(tmp_path / "s", on_disk)
        manifest(tmp_path / "s", f"{written},33/1")
        found = find([tmp_path / "s"])
        assert list(numbers(found).values()) == ["33/1"]
        assert oddities(found) == []

    def test_a_spelling_that_fits_two_files_fits_none(self, tmp_path):
        put(tmp_path / "s", "SCAN.pdf", "scan.pdf")
        manifest(tmp_path / "s", "Scan.pdf,33/1")
        found = find([tmp_path / "s"])
        assert set(numbers(found).values()) == {None}
        assert ("missing_file", "s/Scan.pdf") in oddities(found)

    def test_one_file_is_not_two_the_exact_name_wins(self, tmp_path):
        put(tmp_path / "s", "scan.pdf")
        manifest(tmp_path / "s", "SCAN.PDF,33/1", "scan.pdf,33/2")
        found = find([tmp_path / "s"])
        assert numbers(found) == {"s/scan.pdf": "33/2"}
        assert oddities(found) == [("missing_file", "s/SCAN.PDF")]

    def test_what_it_names_behind_a_link_is_missing(self, tmp_path):
        put(tmp_path, "outside/a.pdf", "s/b.pdf")
        (tmp_path / "s" / "sub").symlink_to(tmp_path / "outside")
        manifest(tmp_path / "s", "sub/a.pdf,33/1", "b.pdf,33/2")
        assert oddities(find([tmp_path / "s"])) == [
            ("missing_file", "s/sub/a.pdf"), ("link_skipped", "s/sub")
        ]  # fmt: skip

    def test_names_of_absurd_length_are_just_missing(self, tmp_path):
        put(tmp_path / "s", "a.pdf")
        manifest(tmp_path / "s", "x" * 5000 + ".pdf,33/1", "a.pdf,33/2")
        assert [code for code, _ in oddities(find([tmp_path / "s"]))] == ["missing_file"]

    def test_an_inner_one_speaks_for_its_folder_the_outer_for_what_it_leaves_open(self, tmp_path):
        put(tmp_path / "s", "a.pdf", "sub/b.pdf", "sub/c.pdf")
        manifest(tmp_path / "s", "a.pdf,33/1", "sub/b.pdf,33/2", "sub/c.pdf,33/3")
        manifest(tmp_path / "s" / "sub", "b.pdf,33/9")
        found = find([tmp_path / "s"])
        assert numbers(found) == {"s/a.pdf": "33/1", "s/sub/b.pdf": "33/9", "s/sub/c.pdf": "33/3"}
        assert oddities(found) == []

    def test_one_that_is_no_list_is_said_and_the_files_are_found(self, tmp_path):
        put(tmp_path / "s", "a.pdf")
        (tmp_path / "s" / "manifest.csv").write_bytes(b"%PDF-1.7 no list")
        found = find([tmp_path / "s"])
        assert numbers(found) == {"s/a.pdf": None}
        assert oddities(found) == [("bad_manifest", "s/manifest.csv")]

    def test_rows_that_cannot_be_used_are_said_by_line(self, tmp_path):
        put(tmp_path / "s", "a.pdf", "b.pdf")
        manifest(tmp_path / "s", "a.pdf,33/1", "../b.pdf,33/2")
        assert oddities(find([tmp_path / "s"])) == [
            ("bad_manifest_row", "s/manifest.csv:3"), ("not_in_manifest", "s/b.pdf")
        ]  # fmt: skip

    def test_one_that_is_a_link_is_not_read(self, tmp_path):
        put(tmp_path, "s/a.pdf")
        manifest(tmp_path / "outside", "a.pdf,33/1")
        (tmp_path / "s" / "manifest.csv").symlink_to(tmp_path / "outside" / "manifest.csv")
        found = find([tmp_path / "s"])
        assert numbers(found) == {"s/a.pdf": None}
        assert oddities(found) == [("link_skipped", "s/manifest.csv")]

    def test_without_any_file_there_is_still_something_to_say(self, tmp_path):
        manifest(tmp_path / "s", "a.pdf,33/1")
        assert oddities(find([tmp_path / "s"])) == [("missing_file", "s/a.pdf")]
