"""The specimens are a measuring rod: reproducible, complete in their truth, and what they claim to be."""

from __future__ import annotations

import csv
import hashlib
import json
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from errors import ToolMissing
from tests.specimens import build_batch, degrade, fonts, letters, mrz, people, plan, typeset, write_inventory
from tests.specimens.truth import SourceTruth, Truth

FILE_NUMBER = re.compile(r"\d\d\.\d-\d{4}/\d{6}")

CUES = {
    "residence_permit_application": ("Antrag auf", "Zweck des Aufenthalts"),
    "residence_permit": ("Aufenthaltstitel", "Nebenbestimmungen"),
    "settlement_permit": ("§ 9 AufenthG", "unbefristet"),
    "fictional_certificate": ("§ 81 Abs. 5",),
    "toleration": ("Aussetzung der Abschiebung", "§ 60a"),
    "commitment_declaration": ("§§ 66–68", "Kosten für den Lebensunterhalt"),
    "passport_copy": ("PASSPORT", "REISEPASS", "P<UTO"),
    "rental_contract": ("Vermieter", "Kaltmiete"),
    "landlord_confirmation": ("§ 19 BMG",),
    "payslip": ("Brutto", "Steuerklasse", "Auszahlungsbetrag"),
    "employment_contract": ("Arbeitgeber", "Probezeit"),
    "labour_agency_consent": ("Bundesagentur für Arbeit", "§ 39"),
    "bamf_decision": ("B E S C H E I D", "ergeht folgende Entscheidung", "Gesch.-Z."),
    "bamf_hearing": ("Niederschrift über die Anhörung",),
    "registration_certificate": ("gemeldet seit",),
    "birth_certificate": ("Standesamt", "Geburtenregister"),
    "translation": ("vereidigter Übersetzer", "Apostille"),
    "integration_course": ("Leben in Deutschland", "Deutsch-Test für Zuwanderer", "B1"),
    "health_insurance": ("Mitgliedsbescheinigung",),
    "school_certificate": ("besucht die Klasse",),
    "enrolment": ("Matrikelnummer", "Semester"),
    "benefits_decision": ("Bedarfsgemeinschaft", "SGB II"),
    "hearing_letter": ("§ 28 VwVfG", "Gelegenheit zur Äußerung"),
    "deportation_warning": ("§ 59", "Ausreisefrist"),
    "service_record": ("Postzustellungsurkunde",),
    "power_of_attorney": ("bevollmächtige",),
    "lawyer_letter": ("Rechtsanwälte", "namens und in Vollmacht"),
    "court_decision": ("Im Namen des Volkes", "In der Verwaltungsrechtssache"),
    "fee_notice": ("Kassenzeichen",),
    "file_note": ("Vermerk", "z. d. A.", "WV"),
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    out = tmp_path_factory.mktemp("demo")
    return out, build_batch(out)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    out = tmp_path_factory.mktemp("small")
    return out, build_batch(out, size="small", faults="all")


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def page_count(path: Path) -> int:
    if path.suffix == ".pdf":
        with pikepdf.open(path) as pdf:
            return len(pdf.pages)
    with Image.open(path) as image:
        return int(getattr(image, "n_frames", 1))


def picture(out: Path, source: SourceTruth, number: int) -> np.ndarray:
    with pikepdf.open(out / source.path) as pdf:
        image = pdf.pages[number - 1].Resources.XObject.Im0
        return np.asarray(pikepdf.PdfImage(image).as_pil_image())


def letter_of(template: str, seed: int) -> letters.Letter:
    rng = random.Random(f"{seed}/{template}")
    person = people.invent(rng)
    return letters.write(template, people.facts(person, "33.2-2019/004711", rng), rng)


# --- reproducible ----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes(small: tuple[Path, Truth], tmp_path: Path) -> None:
    build_batch(tmp_path, size="small", faults="all")
    assert digests(tmp_path) == digests(small[0])


def test_another_seed_gives_other_people(small: tuple[Path, Truth], tmp_path: Path) -> None:
    other = build_batch(tmp_path, seed=2, size="small")
    assert {v.file_number for v in other.volumes}.isdisjoint(v.file_number for v in small[1].volumes)


def test_the_inventory_can_be_written_before_the_batch(demo: tuple[Path, Truth], tmp_path: Path) -> None:
    early = write_inventory(tmp_path)
    assert early.read_bytes() == (demo[0] / "bestand.csv").read_bytes()


# --- the truth is complete -------------------------------------------------------------------------


@pytest.mark.parametrize("batch", ["demo", "small"])
def test_every_file_is_in_the_truth_with_all_its_pages(batch: str, request: pytest.FixtureRequest) -> None:
    out, truth = request.getfixturevalue(batch)
    on_disk = {str(path.relative_to(out)) for path in (out / "scans").rglob("*") if path.is_file()}
    lists = {path for path in on_disk if path.endswith("manifest.csv")}
    assert {source.path for source in truth.sources} == on_disk - lists
    for source in truth.sources:
        if source.fault is None:
            assert page_count(out / source.path) == len(source.pages)
            assert [page.number for page in source.pages] == list(range(1, len(source.pages) + 1))


def test_demo_is_about_forty_pages_of_six_case_files(demo: tuple[Path, Truth]) -> None:
    expected = demo[1].expected()
    assert (expected["case_files"], expected["volumes"], expected["quarantined_sources"]) == (6, 7, 1)
    assert 40 <= sum(expected["pages"].values()) <= 45
    assert expected["unassigned_pages"] == 1


def test_demo_has_many_document_types_languages_and_scanner_settings(demo: tuple[Path, Truth]) -> None:
    pages = [page for page in demo[1].pages if page.kind == "content"]
    assert len({page.document_type for page in pages} - {"unknown"}) >= 20
    assert {page.language for page in pages} == {"deu", "eng", "fra"}
    assert {page.dpi for page in pages} == {200, 300}
    assert {page.colour for page in pages} == {"colour", "grey", "bitonal"}
    assert {page.rotation for page in pages} == {0, 90, 180}
    assert sum(page.clean for page in pages) >= 10


def test_content_pages_have_text_and_the_others_none(demo: tuple[Path, Truth]) -> None:
    for page in demo[1].pages:
        assert bool(page.lines) == (page.kind == "content")
        assert all(line == " ".join(line.split()) for line in page.lines)
        assert (page.document_type is not None) == (page.kind in ("content", "separator"))


def test_expected_pages_count_paper_but_not_sheets(demo: tuple[Path, Truth]) -> None:
    counted = Counter(
        (page.file_number, page.volume) for page in demo[1].pages if page.kind in ("content", "blank")
    )
    del counted[None, None]
    assert counted == {(v.file_number, v.volume): v.pages for v in demo[1].volumes}


def test_inventory_is_latin1_as_office_software_writes_it(demo: tuple[Path, Truth]) -> None:
    text = (demo[0] / "bestand.csv").read_bytes().decode("latin-1")
    rows = list(csv.DictReader(text.splitlines(), delimiter=";"))
    assert list(rows[0]) == ["Aktenzeichen", "Band", "Name", "Karton", "Bemerkung", "Seiten"]
    assert "\r\n" in text
    assert all(FILE_NUMBER.fullmatch(row["Aktenzeichen"]) for row in rows)
    assert [int(row["Seiten"]) for row in rows] == [volume.pages for volume in demo[1].volumes]


def test_manifest_names_pages_and_digests_of_the_delivery(demo: tuple[Path, Truth]) -> None:
    folder = demo[0] / plan.DELIVERY
    rows = list(csv.DictReader((folder / "manifest.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 4
    for row in rows:
        path = folder / row["path"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"]
        assert page_count(path) == int(row["pages"])


def test_truth_json_says_what_the_records_say(small: tuple[Path, Truth]) -> None:
    stored = json.loads((small[0] / "truth.json").read_text(encoding="utf-8"))
    assert stored["expected"] == small[1].expected()
    assert [source["path"] for source in stored["sources"]] == [source.path for source in small[1].sources]


# --- the files are what they claim -----------------------------------------------------------------


def test_sheets_can_be_read_skewed_grey_and_upside_down(demo: tuple[Path, Truth]) -> None:
    stack = next(source for source in demo[1].sources if "stapel" in source.path)
    sheets = [page for page in stack.pages if page.kind in ("cover", "separator")]
    assert len(sheets) == 7
    for page in sheets:
        (code,) = zxingcpp.read_barcodes(picture(demo[0], stack, page.number))
        wanted = f"TEST:{page.file_number}:1" if page.kind == "cover" else f"TEST:type:{page.document_type}"
        assert code.text == wanted


def test_pages_are_as_large_as_their_paper(demo: tuple[Path, Truth]) -> None:
    sizes = Counter()
    for source in demo[1].sources:
        if source.path.endswith(".pdf") and source.fault is None:
            with pikepdf.open(demo[0] / source.path) as pdf:
                sizes.update(
                    tuple(round(float(edge) * 25.4 / 72) for edge in p.mediabox[2:]) for p in pdf.pages
                )
    assert set(sizes) == {(210, 297), (148, 210), (297, 210)}


def test_born_digital_text_reads_back_exactly(demo: tuple[Path, Truth]) -> None:
    source = next(source for source in demo[1].sources if any(page.born_digital for page in source.pages))
    with pypdfium2.PdfDocument(demo[0] / source.path) as pdf:
        for page in source.pages:
            sheet = pdf[page.number - 1]
            words = sheet.get_textpage().get_text_bounded().split()
            assert words == " ".join(page.lines).split()


def test_fax_is_bitonal_group_four(demo: tuple[Path, Truth]) -> None:
    (path,) = (demo[0] / "scans").glob("*_Bd2.tif")
    with Image.open(path) as image:
        assert (image.mode, image.info["compression"]) == ("1", "group4")
        assert tuple(map(float, image.info["dpi"])) == (300.0, 300.0)


def test_faulty_files_are_faulty(small: tuple[Path, Truth]) -> None:
    out, truth = small
    path = {source.fault or "duplicate": out / source.path for source in truth.sources if source.fault}
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(path["encrypted"])
    assert b"%%EOF" not in path["truncated"].read_bytes()
    assert path["empty_file"].read_bytes() == b""
    assert page_count(path["no_pages"]) == 0
    assert path["mislabelled"].read_bytes().startswith(b"\xff\xd8")
    assert path["image_too_large"].read_bytes()[16:24] == (60_000).to_bytes(4, "big") * 2
    (copy,) = (source for source in truth.sources if source.duplicate_of)
    assert (out / copy.path).read_bytes() == (out / copy.duplicate_of).read_bytes()


# --- the parts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", letters.template_names())
def test_a_template_fits_its_pages_for_many_people(template: str) -> None:
    for seed in range(12):
        letter = letter_of(template, seed)
        pages = typeset.compose(letter)
        words = sum(len(line.split()) for page in pages for line in page.texts)
        assert len(pages) == letters.page_count(template)
        assert 120 <= words <= 450
        assert "{" not in "".join(line for page in pages for line in page.texts)


@pytest.mark.parametrize("template", letters.template_names())
def test_first_pages_bear_the_cues_of_their_type(template: str) -> None:
    letter = letter_of(template, 3)
    if letter.cued:
        text = " ".join(typeset.compose(letter)[0].texts)
        assert [cue for cue in CUES[template] if cue not in text] == []


@pytest.mark.parametrize("template", letters.template_names())
def test_no_line_of_text_touches_another_or_the_edge(template: str) -> None:
    for page in typeset.compose(letter_of(template, 1)):
        runs = [run for line in page.lines for run in line]
        boxes = [
            (r.x, r.y - r.size * 0.75, r.x + fonts.width(r.text, r.face, r.bold, r.size), r.y + r.size * 0.2)
            for r in runs
        ]
        for index, (left, top, right, bottom) in enumerate(boxes):
            assert 0 < left < right < page.width
            assert 0 < top < bottom < page.height
            for other in boxes[index + 1 :]:
                apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
                assert apart, (runs[index].text, other)


def test_check_digits_are_those_of_doc_9303() -> None:
    # the specimen of ICAO Doc 9303 part 4, appendix A
    first, second = mrz.passport(("Eriksson", "Anna Maria"), "L898902C3", "740812", "F", "120415")
    assert first == "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
    assert second.startswith("L898902C36UTO7408122F1204159")


@pytest.mark.parametrize("seed", range(20))
def test_passports_carry_valid_machine_readable_zones(seed: int) -> None:
    (page,) = typeset.compose(letter_of("passport_copy", seed))
    first, second = (line for line in page.texts if len(line) == 44 and "<" in line)
    assert re.fullmatch(r"P<UTO[A-Z<]{39}", first)
    fields = (second[:10], second[13:20], second[21:28], second[28:43])
    assert all(mrz.check_digit(field[:-1]) == int(field[-1]) for field in fields)
    total = second[:10] + second[13:20] + second[21:43]
    assert mrz.check_digit(total) == int(second[43])


def test_turning_a_scan_by_its_rotation_makes_it_upright() -> None:
    page = np.full((400, 300), 255, np.uint8)
    page[:100] = 0
    for rotation in (0, 90, 180, 270):
        scanned = degrade.scan(
            page, degrade.Wear(rotation=rotation, colour="grey", noise=0), np.random.default_rng(1)
        )
        upright = np.asarray(Image.fromarray(scanned).rotate(-rotation, expand=True))
        np.testing.assert_array_equal(upright, page)


def test_a_missing_font_names_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "_ROOTS", (tmp_path,))
    monkeypatch.setattr(fonts, "_fontconfig", lambda _: None)
    fonts.path_of.cache_clear()
    with pytest.raises(ToolMissing) as raised:
        fonts.path_of("dejavu")
    assert raised.value.params["package"] == "fonts-dejavu-core"
    fonts.path_of.cache_clear()


def test_large_batches_have_as_many_case_files_as_asked_for() -> None:
    sources = plan.make(1, "large", case_files=9)
    assert len(plan.volumes(sources)) == 9
    assert {source.form for source in sources} == {"pdf", "jpegs", "tiff"}
