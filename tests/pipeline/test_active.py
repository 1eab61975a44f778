"""What acts in a PDF is named, wherever it hides, and none of it goes into a product."""

from pathlib import Path

import pytest
from pikepdf import Array, Dictionary, Name, Object, Pdf, String

from pipeline.page_text import as_it_lies
from pipeline.product.binding import ProductPage, assemble
from pipeline.scans.active import CODES, FILE_CODES, active_content, has_only_xfa
from pipeline.scans.pages import inspect, open_page
from pipeline.scans.source import Limits, MediaType
from reports.remarks import REMOVED, remarks

SCRIPT = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
LAUNCH = Dictionary(S=Name.Launch, F=String("calc.exe"))


def annotation(kind, **keys):
    return Dictionary(Type=Name.Annot, Subtype=Name(f"/{kind}"), Rect=Array([0, 0, 9, 9]), **keys)


def copied(item):
    """An object that belongs to no file yet."""
    return Object.parse(item.unparse())


def made(*annotations, page=None, root=None):
    """A PDF of one page with these annotations, and keys of page and catalogue."""
    pdf = Pdf.new()
    one = pdf.add_blank_page(page_size=(200, 200)).obj
    one.Annots = Array([pdf.make_indirect(copied(item)) for item in annotations])
    for target, keys in ((one, page or {}), (pdf.Root, root or {})):
        for key, value in keys.items():
            target[f"/{key}"] = copied(value)
    return pdf


def found(pdf):
    return active_content(pdf, pdf.pages[0])


ON_PAGE = [
    (annotation("Link", A=Dictionary(S=Name.URI, URI=String("https://example.org"))), ["links"]),
    (annotation("Link", A=LAUNCH), ["launch", "links"]),
    (annotation("Link", A=Dictionary(S=Name.Named, Next=Array([SCRIPT, LAUNCH]))),
     ["actions", "launch", "links", "script"]),
    (annotation("FileAttachment"), ["embedded_files"]),
    (annotation("RichMedia"), ["media"]),
    (annotation("3D"), ["media"]),
    (annotation("Screen", AA=Dictionary(PO=Dictionary(S=Name.Rendition))), ["media"]),
    (annotation("Text", Contents=String("hallo")), ["comments"]),
    (annotation("Widget", A=Dictionary(S=Name.SubmitForm)), ["form_fields", "submit"]),
    (annotation("Widget", AA=Dictionary(K=SCRIPT)), ["form_fields", "script"]),
    (annotation("Widget", Parent=Dictionary(AA=Dictionary(V=SCRIPT))), ["form_fields", "script"]),
    (annotation("Stamp", AP=Dictionary(N=Dictionary(On=Dictionary()))), []),
    (annotation("Stamp"), ["marks"]),
    (annotation("Highlight"), ["marks"]),
]  # fmt: skip


@pytest.mark.parametrize(("item", "codes"), ON_PAGE)
def test_what_an_annotation_brings_is_named(item, codes):
    assert list(found(made(item))) == codes


@pytest.mark.parametrize(
    ("keys", "codes"),
    [
        ({"OpenAction": SCRIPT}, ["file_open_action", "file_script"]),
        ({"OpenAction": Dictionary(S=Name.GoTo)}, []),
        ({"OpenAction": Array([0, Name.Fit])}, []),
        ({"AA": Dictionary(WC=LAUNCH)}, ["file_launch"]),
        ({"Names": Dictionary(JavaScript=Dictionary(Names=Array()))}, ["file_script"]),
        ({"Names": Dictionary(EmbeddedFiles=Dictionary(Names=Array()))}, ["file_embedded_files"]),
        ({"AF": Array()}, ["file_embedded_files"]),
        ({"AcroForm": Dictionary(XFA=Array(), Fields=Array([1]))}, ["file_xfa"]),
        ({"AcroForm": Dictionary(Fields=Array())}, []),
    ],
)
def test_what_the_file_brings_is_named(keys, codes):
    assert list(found(made(root=keys))) == codes


def test_what_turning_the_page_sets_off_is_named():
    assert list(found(made(page={"AA": Dictionary(O=SCRIPT)}))) == ["page_actions", "script"]


def test_an_action_that_is_followed_by_itself_ends():
    pdf = made(annotation("Link"))
    one = pdf.make_indirect(Dictionary(S=Name.Launch))
    one.Next = Array([one, one])
    pdf.pages[0].obj.Annots[0].A = one
    assert list(found(pdf)) == ["launch", "links"]


def test_a_field_that_is_its_own_parent_ends():
    pdf = made(annotation("Widget"))
    field = pdf.pages[0].obj.Annots[0]
    field.Parent = field
    assert list(found(pdf)) == ["form_fields"]


def test_a_chain_is_looked_at_as_far_as_it_is_believed():
    pdf = made(annotation("Link"))
    action = LAUNCH
    for _ in range(1_100):
        action = pdf.make_indirect(Dictionary(S=Name.Named, Next=action))
    pdf.pages[0].obj.Annots[0].A = action
    assert list(found(pdf)) == ["actions", "links"]


@pytest.mark.parametrize("broken", [Array([1, 2]), Dictionary(S=7, Next=String("x")), Name.Nonsense])
def test_what_is_broken_hides_nothing_else(broken):
    pdf = made(annotation("Link", A=broken), annotation("FileAttachment"), root={"AA": broken, "AF": Array()})
    assert {"links", "embedded_files", "file_embedded_files"} <= set(found(pdf))


@pytest.fixture
def hostile(tmp_path) -> Path:
    """A page with text and most of it, in a file with more."""
    path = tmp_path / "hostile.pdf"
    with made(
        *(item for item, _ in ON_PAGE), page={"AA": Dictionary(O=SCRIPT)}, root={"OpenAction": SCRIPT}
    ) as pdf:
        content = b"0 0 0 rg 20 20 150 3 re f 20 60 150 3 re f"
        pdf.pages[0].obj.Contents = pdf.make_stream(content)
        fields = [item for item in pdf.pages[0].obj.Annots if item.Subtype == Name.Widget]
        pdf.Root.AcroForm = Dictionary(Fields=Array(fields))
        pdf.save(path)
    return path


def test_it_comes_with_the_page_and_stays_out_of_the_product(hostile, tmp_path):
    image = open_page(hostile, MediaType.PDF, 1, Limits())
    assert {"launch", "script", "embedded_files", "file_script"} <= set(image.removed)
    page = ProductPage(
        hostile, MediaType.PDF, 1, image.origin, as_it_lies(image, ""), image.width_mm, image.height_mm
    )
    assemble([page], tmp_path / "o.pdf", title="Akte")
    with Pdf.open(tmp_path / "o.pdf") as pdf:
        assert active_content(pdf, pdf.pages[0]) == ()
        raw = b"".join(bytes(one.unparse(resolved=True)) for one in pdf.objects)
        assert not any(word in raw for word in (b"JavaScript", b"Launch", b"SubmitForm", b"calc.exe"))


def test_a_form_in_xfa_only_is_told_from_one_with_fields(tmp_path):
    xfa, fields = Array([String("template")]), Array([Dictionary(T=String("x"))])
    for number, (form, only) in enumerate(
        [
            (Dictionary(XFA=xfa), True),
            (Dictionary(XFA=xfa, Fields=fields), False),
            (Dictionary(Fields=fields), False),
        ]
    ):
        path = tmp_path / f"{number}.pdf"
        with made(root={"AcroForm": form}) as pdf:
            assert has_only_xfa(pdf) == only
            pdf.save(path)
        assert inspect(path, MediaType.PDF, Limits()).is_xfa == only


def test_every_code_has_words_and_is_documented():
    document = (Path(__file__).parents[2] / "docs" / "product.md").read_text(encoding="utf-8")
    assert {code.removeprefix("file_") for code in (*CODES, *FILE_CODES)} == set(REMOVED)
    assert [code for code in (*CODES, *FILE_CODES) if f"`{code}`" not in document] == []


def test_show_names_the_pages_something_was_left_behind_of():
    rows = [
        {"number": 1, "why": "no_text", "text_from": None, "removed": ["links", "file_links"]},
        {"number": 2, "why": "no_text", "text_from": None, "removed": ["links"]},
        {"number": None, "why": "no_text", "text_from": None, "removed": ["script"]},
    ]
    assert list(remarks(rows)) == ["Left behind: links (1-2)"]
