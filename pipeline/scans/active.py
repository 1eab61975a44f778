"""What a PDF page brings that acts or can be operated: found and named, since none of it goes into a product.

Nothing is followed far: action chains and field trees are walked a bounded way, each object once, so a
hostile file costs no more than a sound one. What is broken is passed over: it is left behind like the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pikepdf
from pikepdf import Array, Dictionary, Object, Pdf

from pipeline.scans.pdf_errors import PDF_ERRORS

#: Actions, those that follow one at once, annotations and levels of fields looked at.
_MOST_ACTIONS, _MOST_NEXT, _MOST_ANNOTATIONS, _DEEPEST = 1_000, 100, 10_000, 16
#: Of what belongs to the file rather than the page.
OF_FILE = "file_"

#: By types of actions (ISO 32000-1, table 198); others are "actions".
_ACTIONS = {
    "/JavaScript": "script",
    "/Launch": "launch",
    **dict.fromkeys(("/URI", "/GoTo", "/GoToR", "/GoToE", "/Thread"), "links"),
    **dict.fromkeys(("/SubmitForm", "/ImportData"), "submit"),
    **dict.fromkeys(("/Rendition", "/Movie", "/Sound", "/GoTo3DView", "/RichMediaExecute"), "media"),
}
#: By subtypes of annotations (table 169).
_ANNOTATIONS = {
    "/Link": "links",
    "/FileAttachment": "embedded_files",
    "/Widget": "form_fields",
    "/Text": "comments",
    **dict.fromkeys(("/RichMedia", "/3D", "/Movie", "/Sound", "/Screen"), "media"),
}
#: Subtypes of annotations that show something, each reader in its own way where they bring no appearance.
_MARKS = frozenset(
    f"/{name}"
    for name in (
        *("FreeText", "Line", "Square", "Circle", "Polygon", "PolyLine", "Ink", "Stamp", "Caret"),
        *("Highlight", "Underline", "Squiggly", "StrikeOut"),
    )
)
#: Whatever of these a file or page has.
CODES = tuple(sorted({*_ACTIONS.values(), *_ANNOTATIONS.values(), "actions", "marks", "page_actions"}))
FILE_CODES = tuple(
    f"{OF_FILE}{code}"
    for code in (
        "actions",
        "embedded_files",
        "launch",
        "links",
        "media",
        "open_action",
        "script",
        "submit",
        "xfa",
    )
)


def active_content(pdf: Pdf, page: pikepdf.Page) -> tuple[str, ...]:
    """The codes of what page and file have, in order; those of the file begin with ``OF_FILE``."""
    found: set[str] = set()
    with suppress(*PDF_ERRORS):
        found.update(_of_page(page.obj))
    with suppress(*PDF_ERRORS):
        found.update(f"{OF_FILE}{code}" for code in _of_file(pdf.Root))
    return tuple(sorted(found))


def has_only_xfa(pdf: Pdf) -> bool:
    """Whether the file is a form whose fields stand nowhere but in its XFA: its pages may not show them."""
    with suppress(*PDF_ERRORS):
        form = pdf.Root.get("/AcroForm")
        return isinstance(form, Dictionary) and "/XFA" in form and not _holds(form.get("/Fields"))
    return False


def _of_file(root: Object) -> Iterator[str]:
    names, form, opened = root.get("/Names"), root.get("/AcroForm"), root.get("/OpenAction")
    if isinstance(names, Dictionary):
        if "/JavaScript" in names:
            yield "script"
        if "/EmbeddedFiles" in names:
            yield "embedded_files"
    if "/AF" in root:
        yield "embedded_files"
    if isinstance(form, Dictionary) and "/XFA" in form:
        yield "xfa"
    if isinstance(opened, Dictionary) and opened.get("/S") != "/GoTo":  # a view to begin with is no more
        yield "open_action"
        yield from _kinds(opened)
    yield from _triggered(root)


def _of_page(page: Object) -> Iterator[str]:
    if _holds(page.get("/AA")):
        yield "page_actions"
        yield from _triggered(page)
    if "/AF" in page:
        yield "embedded_files"
    annotations = page.get("/Annots")
    if not isinstance(annotations, Array):
        return
    for place in range(min(len(annotations), _MOST_ANNOTATIONS)):
        with suppress(*PDF_ERRORS):
            yield from _of_annotation(annotations[place])


def _of_annotation(annotation: Object) -> Iterator[str]:
    if not isinstance(annotation, Dictionary):
        return
    kind = str(annotation.get("/Subtype", ""))
    if kind in _ANNOTATIONS:
        yield _ANNOTATIONS[kind]
    if kind in _MARKS and not _holds(annotation.get("/AP")):
        yield "marks"
    level: Object | None = annotation
    for _ in range(_DEEPEST):  # a field's actions may be those of the field it is part of
        if not isinstance(level, Dictionary):
            return
        yield from _kinds(level.get("/A"))
        yield from _triggered(level)
        level = level.get("/Parent") if kind == "/Widget" else None


def _triggered(owner: Object) -> Iterator[str]:
    """The kinds of actions that something that happens to ``owner`` sets off."""
    events = owner.get("/AA")
    if isinstance(events, Dictionary):
        for action in events.as_dict().values():
            yield from _kinds(action)


def _kinds(first: Object | None) -> Iterator[str]:
    """The kinds of an action and of those that follow it, each of them once."""
    waiting, known = [first], set()
    for _ in range(_MOST_ACTIONS):
        if not waiting:
            return
        action = waiting.pop()
        if isinstance(action, Array):
            waiting += [action[place] for place in range(min(len(action), _MOST_NEXT))]
        if not isinstance(action, Dictionary) or (action.is_indirect and action.objgen in known):
            continue
        known.add(action.objgen)
        yield _ACTIONS.get(str(action.get("/S", "")), "actions")
        waiting.append(action.get("/Next"))


def _holds(value: Object | None) -> bool:
    return isinstance(value, Array | Dictionary) and len(value) > 0
