"""Files made to hurt: each ends in quarantine with its reason, in bounds, and the rest goes on."""

import dataclasses
import io
import os
import shutil
import socket
import stat
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image

from errors import ReaderKilled
from ocr.tesseract import Tesseract
from pipeline.scans.source import Limits
from pipeline.verify import verify
from tests import office as desk
from tests.office import page, save_pdf

SIDE = 60_000
#: Enough for the slips of these tests; what the product allows would make them slow.
TIGHT = Limits(reader_memory_mb=400, reader_seconds=10, render_seconds=1)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


@pytest.fixture
def office(tmp_path):
    with desk.open_office(tmp_path / "data") as opened:
        opened.inventory("33/1;1;1")
        yield dataclasses.replace(opened, ctx=dataclasses.replace(opened.ctx, limits=TIGHT))


@pytest.fixture
def scans(tmp_path):
    """A delivery with an honest file among the others."""
    save_pdf(tmp_path / "scans" / "33_1.pdf", [page("Eins")])
    return tmp_path / "scans"


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """A billion zeros, deflated (RFC 1950): the same block again and again, an end, and the checksum."""
    zeros, deflater = bytes(10_000_000), zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    block = deflater.compress(zeros) + deflater.flush(zlib.Z_FULL_FLUSH)
    end = zlib.compressobj(1, wbits=-zlib.MAX_WBITS).flush()
    checksum = struct.pack(">HH", 100 * len(zeros) % 65521, 1)
    return b"\x78\x01" + block * 100 + end + checksum


def write_page(path: Path, content: bytes = b"q 595 0 0 842 0 0 cm /X Do Q", draw=lambda pdf: {}) -> None:
    """A PDF of one page; ``draw`` makes what /Resources calls /XObject."""
    with Pdf.new() as pdf:
        sheet = pdf.add_blank_page(page_size=(595, 842))
        sheet.obj.Resources = Dictionary(XObject=Dictionary(draw(pdf)))
        sheet.obj.Contents = pdf.make_stream(content)
        pdf.save(path, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)


def image_keys(width: int, height: int) -> dict[str, object]:
    return {
        "Subtype": Name.Image,
        "Width": width,
        "Height": height,
        "ColorSpace": Name.DeviceGray,
        "BitsPerComponent": 8,
    }


def nested_image(path: Path, bomb: bytes) -> None:
    """An image whose data were deflated twice."""

    def draw(pdf):
        keys = image_keys(100, 100)
        twice = pdf.make_stream(zlib.compress(bomb), Filter=Array([Name.FlateDecode] * 2), **keys)
        return {"/X": twice}

    write_page(path, draw=draw)


def nested_content(path: Path, bomb: bytes) -> None:
    """A page description that was deflated twice."""
    write_page(path)
    with Pdf.open(path, allow_overwriting_input=True) as pdf:
        content = pdf.pages[0].obj.Contents
        content.write(zlib.compress(bomb), filter=Array([Name.FlateDecode] * 2))
        pdf.save(path, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)


def giant_in_pdf(path: Path) -> None:
    write_page(path, draw=lambda pdf: {"/X": pdf.make_stream(bytes(9), **image_keys(SIDE, SIDE))})


def laughs(path: Path) -> None:
    """Ten levels of forms, each drawing the next ten times."""

    def draw(pdf):
        form = pdf.make_stream(b"0 0 9 9 re f", Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
        for _ in range(10):
            inner = Dictionary(XObject=Dictionary(X=form))
            form = pdf.make_stream(
                b"/X Do " * 10, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]), Resources=inner
            )
        return {"/X": form}

    write_page(path, draw=draw)


def own_tail(path: Path) -> None:
    """A form that draws itself."""

    def draw(pdf):
        form = pdf.make_stream(b"0 0 9 9 re f /X Do", Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
        form.Resources = Dictionary(XObject=Dictionary(X=form))
        return {"/X": form}

    write_page(path, draw=draw)


def endless_pdf(path: Path, pages: int = 100_000) -> None:
    kids = " ".join(f"{number} 0 R" for number in range(3, pages + 3))
    objects = [
        "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj",
        f"2 0 obj<</Type/Pages/Count {pages}/Kids[{kids}]>>endobj",
        *(f"{number} 0 obj<</Type/Page/Parent 2 0 R>>endobj" for number in range(3, pages + 3)),
    ]
    places = np.cumsum([9, *(len(one) + 1 for one in objects)])
    table = "".join(f"{place:010} 00000 n \n" for place in places[:-1])
    path.write_text(
        "%PDF-1.4\n" + "\n".join(objects) + f"\nxref\n0 {pages + 3}\n0000000000 65535 f \n{table}"
        f"trailer<</Root 1 0 R/Size {pages + 3}>>\nstartxref\n{places[-1]}\n%%EOF\n"
    )


def png(path: Path, *chunks: tuple[bytes, bytes]) -> None:
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in (*chunks, (b"IEND", b""))
        )
    )


def png_header(side: int) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)


def giant_tiff(path: Path) -> None:
    tags = [(256, SIDE), (257, SIDE), (258, 8), (259, 1), (262, 1), (273, 0), (278, SIDE), (279, 8)]
    entries = b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in tags)
    path.write_bytes(b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4))


def giant_jpeg(path: Path) -> None:
    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "JPEG")
    start_of_frame = b"\xff\xc0\0\x0b\x08"
    before, _, after = file.getvalue().partition(start_of_frame)
    path.write_bytes(before + start_of_frame + struct.pack(">HH", SIDE, SIDE) + after[4:])


def zip_slip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"../../../{path.name}", "out of the folder")


class TestBombs:
    def test_each_has_its_reason_and_the_honest_file_is_stored(self, office, scans, bomb):
        nested_image(scans / "image.pdf", bomb)
        nested_content(scans / "content.pdf", bomb)
        png(
            scans / "text.png", png_header(8), (b"zTXt", b"k\0\0" + bomb), (b"IDAT", zlib.compress(bytes(72)))
        )
        png(scans / "giant.png", png_header(SIDE), (b"IDAT", bomb))
        giant_tiff(scans / "giant.tif")
        giant_jpeg(scans / "giant.jpg")
        giant_in_pdf(scans / "giant.pdf")
        endless_pdf(scans / "endless.pdf")
        laughs(scans / "laughs.pdf")
        zip_slip(scans / "delivery.zip")
        zip_slip(scans / "renamed.pdf")
        office.take(scans)
        office.work(office.ctx)
        assert sorted(office.failures()) == [
            ("content.pdf", 1, "page_unreadable"),
            ("delivery.zip", None, "archive"),
            ("endless.pdf", None, "too_many_pages"),
            ("giant.jpg", None, "image_too_large"),
            ("giant.pdf", 1, "image_too_large"),
            ("giant.png", None, "image_too_large"),
            ("giant.tif", None, "image_too_large"),
            ("image.pdf", 1, "page_unreadable"),
            ("laughs.pdf", 1, "page_unreadable"),
            ("renamed.pdf", None, "archive"),
            ("text.png", None, "damaged"),
        ]
        assert office.content("33/1") == ["33_1.pdf:1"]
        assert office.goal() == (1, 1)
        assert verify(office.ctx.ledger, office.ctx.objects).ok
        assert list(office.ctx.scratch.iterdir()) == []

    def test_a_page_that_explodes_when_it_is_bound_goes_alone(self, office, scans, bomb):
        save_pdf(scans / "33_1.pdf", [page("Eins"), page("Zwei")])
        with Pdf.open(scans / "33_1.pdf", allow_overwriting_input=True) as pdf:
            common = pdf.make_stream(bomb, Filter=Name.FlateDecode)
            image = pdf.make_stream(bytes(40), Filter=Name.JBIG2Decode, **image_keys(8, 8))
            image.BitsPerComponent = 1
            image.DecodeParms = Dictionary(JBIG2Globals=common)
            pdf.pages[1].Resources.XObject.Unseen = image
            pdf.pages[1].Contents = pdf.make_stream(
                pdf.pages[1].Contents.read_bytes()
                + b" 0 0 1 1 re f"  # more than an image: taken over as it is
            )
            pdf.save(scans / "33_1.pdf")
        office.take(scans)
        office.work(office.ctx)
        assert office.failures() == [("33_1.pdf", 2, "reader_broke")]
        assert office.content("33/1") == ["33_1.pdf:1"]

    def test_a_form_that_draws_itself_ends(self, office, scans):
        own_tail(scans / "tail.pdf")
        office.take(scans)
        office.work(office.ctx)
        assert office.failures() == []
        assert office.goal() == (1, 1)


class TestKilledFromOutside:
    """As a person does, or the kernel for want of memory."""

    @pytest.mark.parametrize("program", ["tesseract", "pdftotext"])
    def test_the_page_is_read_again(self, office, scans, tmp_path, monkeypatch, program):
        write_page(scans / "drawn.pdf", content=b"0 0 300 300 re f")
        office.take(scans)
        tasks = office.up_to("recognise")
        with monkeypatch.context() as patched:
            replace_program(tmp_path, patched, program, "kill -KILL $$")
            by_program = dataclasses.replace(office.ctx, engine=Tesseract())
            errors = [office.attempt(task, by_program) for task in tasks]
        assert any(isinstance(error, ReaderKilled) for error in errors)
        office.work(office.ctx)
        assert office.failures() == []
        assert office.alarms() == []
        assert office.goal() == (1, 1)

    def test_a_drawing_is_made_again_at_once(self, office, scans, tmp_path, monkeypatch):
        """pdf2image does not say how pdftoppm ended."""
        write_page(scans / "drawn.pdf", content=b"0 0 300 300 re f")
        replace_program(tmp_path, monkeypatch, "pdftoppm", 'mkdir "$TMPDIR/killed" && kill -KILL $$')
        office.take(scans)
        office.work(office.ctx)
        assert office.failures() == []
        assert office.goal() == (1, 1)


def replace_program(folder, monkeypatch, program, act):
    """Put a script first on PATH that does something before it reads a file; questions it only passes on."""
    script, real = folder / "bin" / program, shutil.which(program)
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\ncase "$1" in --*) ;; *) {act} ;; esac\nexec {real} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")


class TestStrangeFiles:
    def test_devices_sockets_and_links_to_them_are_said_and_never_opened(self, office, scans):
        (scans / "zero.pdf").symlink_to("/dev/zero")
        (scans / "loop.pdf").symlink_to("loop.pdf")
        (scans / "proc.pdf").symlink_to("/proc/self/mem")
        os.mkfifo(scans / "fifo.pdf")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(scans / "socket.pdf"))
        others = 5
        with suppress(PermissionError):  # root's only
            os.mknod(scans / "device.pdf", stat.S_IFCHR | 0o600, os.makedev(1, 5))
            others += 1
        office.take(scans)
        office.work(office.ctx)
        assert sorted(office.alarms()) == ["link_skipped"] * 3 + ["no_regular_file"] * (others - 3)
        assert office.content("33/1") == ["33_1.pdf:1"]

    def test_names_of_any_bytes_are_taken_and_shown_harmlessly(self, office, tmp_path):
        names = [
            b"M\xfcller.pdf",
            b"\xff\xfe.pdf",
            b"zwei\nZeilen.pdf",
            b"\x1b]0;akten\x07.pdf",
            "33_1\u202efdp.pdf".encode(),
            b"a" * 251 + b".pdf",
            b"$(reboot);`id`'\".pdf",
            b"-rf.pdf",
            b"{name} %s.pdf",
        ]
        folder = tmp_path / "scans"
        folder.mkdir()
        for name in names:
            Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(b"%PDF-1.4 " + name)
        office.take(folder)
        office.work(office.ctx)
        found = office.failures()
        assert len({shown for shown, _, _ in found}) == len(names)
        assert all(shown.isprintable() and shown.encode() for shown, _, _ in found)
        assert {reason for _, _, reason in found} == {"truncated"}
