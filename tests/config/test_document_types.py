"""The shipped table of document types is complete, and a faulty one is refused by type and field."""

import pytest

from config.document_types import load_document_types
from errors import BadSetting
from pipeline.classification.document_types import UNKNOWN, CueKind, OriginalPolicy, Where

EXPECTED = {
    "residence_permit_application", "residence_permit", "settlement_permit", "fictional_certificate",
    "toleration", "asylum_permission", "visa_application", "commitment_declaration", "passport_copy",
    "rental_contract", "landlord_confirmation", "payslip", "employment_contract",
    "labour_agency_consent", "bamf_decision", "bamf_hearing", "registration_certificate",
    "birth_certificate", "marriage_certificate", "translation", "integration_course", "health_insurance",
    "school_certificate", "enrolment", "benefits_decision", "hearing_letter", "expulsion",
    "deportation_warning", "service_record", "naturalisation_application", "power_of_attorney",
    "lawyer_letter", "court_decision", "criminal_record", "prosecution_notice", "fee_notice",
    "file_note", "border_crossing_certificate",
}  # fmt: skip

GOOD = """
[payslip]
label_de = "Gehaltsabrechnung"
label_en = "Payslip"
original_policy = "destroy"
cues = [
  { text = "Gehaltsabrechnung", weight = 1, where = "title" },
  { text = "Js", weight = -0.2, kind = "word" },
]
"""


@pytest.fixture
def load(tmp_path):
    def from_text(text):
        path = tmp_path / "types.toml"
        path.write_text(text, encoding="utf-8")
        return load_document_types(path)

    return from_text


def test_every_document_of_a_case_file_has_its_type():
    assert {kind.key for kind in load_document_types()} == EXPECTED
    assert UNKNOWN not in EXPECTED


@pytest.mark.parametrize(
    "key", ["service_record", "court_decision", "bamf_hearing", "commitment_declaration"]
)
def test_papers_that_prove_something_themselves_are_kept(key):
    policies = {kind.key: kind.original_policy for kind in load_document_types()}
    assert policies[key] is OriginalPolicy.RETAIN


@pytest.mark.parametrize("key", ["passport_copy", "birth_certificate", "marriage_certificate"])
def test_papers_that_belong_to_the_person_go_back(key):
    policies = {kind.key: kind.original_policy for kind in load_document_types()}
    assert policies[key] is OriginalPolicy.RETURN


def test_a_table_is_read_with_its_defaults(load):
    (payslip,) = load(GOOD)
    assert (payslip.key, payslip.label_de, payslip.label_en) == ("payslip", "Gehaltsabrechnung", "Payslip")
    title, against = payslip.cues
    assert (title.kind, title.where, title.weight) == (CueKind.PHRASE, Where.TITLE, 1.0)
    assert (against.kind, against.where, against.weight) == (CueKind.WORD, Where.ANYWHERE, -0.2)


@pytest.mark.parametrize(
    ("good", "bad", "place"),
    [
        ("[payslip]", "[Pay-Slip]", "Pay-Slip"),
        ("[payslip]", "[unknown]", "unknown"),
        ('label_de = "Gehaltsabrechnung"', 'label_de = " "', "payslip.label_de"),
        ('label_en = "Payslip"', "", "payslip.label_en"),
        ('"destroy"', '"burn"', "payslip.original_policy"),
        ("cues = [", "cues = []\nqueues = [", "payslip.queues"),
        ("weight = 1,", 'weight = "much",', "payslip.cues[1].weight"),
        ("weight = 1,", "weight = 0,", "payslip.cues[1].weight"),
        ("weight = 1,", "weight = true,", "payslip.cues[1].weight"),
        ('where = "title"', 'where = "foot"', "payslip.cues[1].where"),
        ('where = "title"', 'were = "title"', "payslip.cues[1].were"),
        ('text = "Js"', 'text = "..."', "payslip.cues[2].text"),
        ('"Js", weight = -0.2, kind = "word"', '"(Js", weight = 1, kind = "regex"', "payslip.cues[2].text"),
        ('"Js", weight = -0.2, kind = "word"', '"J*", weight = 1, kind = "regex"', "payslip.cues[2].text"),
    ],
)
def test_a_fault_is_named_by_type_and_field(load, good, bad, place):
    assert good in GOOD
    with pytest.raises(BadSetting) as caught:
        load(GOOD.replace(good, bad))
    assert caught.value.params["name"] == place


@pytest.mark.parametrize("text", ["", "payslip = 3", "[payslip]\ncues = []"])
def test_a_table_without_types_or_cues_is_refused(load, text):
    with pytest.raises(BadSetting):
        load(text)


def test_broken_toml_is_named_by_line(load):
    with pytest.raises(BadSetting, match="line 2"):
        load("[payslip]\nlabel_de = Gehaltsabrechnung\n")


def test_a_file_that_is_missing_or_not_utf8_is_named(tmp_path):
    path = tmp_path / "types.toml"
    with pytest.raises(BadSetting, match=r"types\.toml"):
        load_document_types(path)
    path.write_bytes("[geh\xe4lter]".encode("latin-1"))
    with pytest.raises(BadSetting, match="UTF-8"):
        load_document_types(path)
