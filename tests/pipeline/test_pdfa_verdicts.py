"""Which products claim to be PDF/A, and what a validator's answers mean."""

import time
from pathlib import Path

import pikepdf
import pytest

from errors import ProductNotJudged, ValidatorMissing
from pipeline import pdfa, verapdf
from tests import validator


@pytest.fixture
def answering(tmp_path, monkeypatch):
    def answering(report: str, before: str = "") -> Path:
        monkeypatch.setenv("PATH", validator.install(tmp_path / "bin", report, before))
        return tmp_path / "bin"

    return answering


def saved(path: Path, packet: bytes | None) -> Path:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        if packet is not None:
            pdf.Root.Metadata = pdf.make_stream(packet, Type=pikepdf.Name.Metadata)
        pdf.save(path, fix_metadata_version=False)
    return path


@pytest.mark.parametrize(
    ("packet", "claimed"),
    [
        (b'<rdf:Description xmlns:pdfaid="x"><pdfaid:part>2</pdfaid:part></rdf:Description>', True),
        (b'<rdf:Description xmlns:pdfaid="x" pdfaid:part="2"/>', True),
        (b"<rdf:Description><dc:title>pdfa</dc:title></rdf:Description>", False),
        (None, False),
    ],
)
def test_what_claims_to_be_pdfa(tmp_path, packet, claimed):
    assert pdfa.claims(saved(tmp_path / "a.pdf", packet)) is claimed


def test_what_cannot_be_opened_is_for_the_validator_to_judge(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"x")
    assert pdfa.claims(tmp_path / "a.pdf")


def test_it_is_asked_for_pdfa_2b_and_a_report_in_xml(answering, tmp_path):
    folder = answering(validator.conforming())
    assert verapdf.validate(tmp_path / "a.pdf") == verapdf.Verdict(True, ())
    said = f"--flavour 2b --format xml --maxfailuresdisplayed 1 {tmp_path}/a.pdf\n"
    assert (folder / "calls").read_text() == said


def test_broken_rules_are_named_whatever_code_it_ends_with(answering, tmp_path):
    answering(validator.breaking(("6.6.1", 1), ("6.2.11.4.1", 2)), before="trap 'exit 1' EXIT")
    assert verapdf.validate(tmp_path / "a.pdf") == verapdf.Verdict(False, ("6.6.1-1", "6.2.11.4.1-2"))


@pytest.mark.parametrize(
    ("report", "said"),
    [(validator.failing(), "Couldn't parse stream"), ("", ""), ("<report/>", ""), ("Error: no Java", "")],
)
def test_an_answer_without_a_verdict_is_none(answering, tmp_path, report, said):
    answering(report)
    with pytest.raises(ProductNotJudged) as raised:
        verapdf.validate(tmp_path / "a.pdf")
    assert said in str(raised.value.params.get("said", ""))


def test_it_is_ended_with_what_it_started_when_it_takes_too_long(answering, tmp_path, monkeypatch):
    folder = answering("", before="sleep 60 & echo $! > $(dirname $0)/pid; wait")
    monkeypatch.setattr(verapdf, "SECONDS", 0.3)
    with pytest.raises(ProductNotJudged):
        verapdf.validate(tmp_path / "a.pdf")
    process = Path("/proc", (folder / "pid").read_text().strip(), "stat")
    for _ in range(100):
        if not process.exists() or process.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.02)
    pytest.fail("what it started still runs")


def test_without_it_or_its_java_the_user_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValidatorMissing) as raised:
        verapdf.require()
    assert raised.value.exit_code == 3
    assert "verapdf.org" in raised.value.hint
    broken = tmp_path / "verapdf"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(ValidatorMissing):
        verapdf.require()
