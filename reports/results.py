"""What each command prints for people, and what usually comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from config.words import _, decimal, say
from errors import N_, Param
from pipeline.intake.inventory import Import
from pipeline.intake.take_in import Intake
from reports import going
from reports.remarks import remarks
from reports.terminal import (
    err,
    heading,
    line,
    more,
    next_step,
    note,
    out,
    state,
    table,
    way_out,
)
from storage.ledger.backup import Copy
from storage.ledger.inventory import Volume

Shape = Mapping[str, Any]

_BAR_WIDTH = 40
_ONE_PLACE = "#,##0.0"
#: Rows of a list that is only a part of what a command shows.
_SOME, _SOME_DOCUMENTS = 10, 40
_RETRY = N_("When the cause is mended: 'akten retry ID' or 'akten retry --all', then 'akten run'.")


# --- inventory and intake ----------------------------------------------------------------------------


def imported(result: Import) -> None:
    """What came of an inventory import, faults by line."""
    counted = {"added": result.added, "updated": result.updated, "unchanged": result.unchanged}
    line(say(N_("Volumes added: {added}, updated: {updated}, unchanged: {unchanged}"), counted))
    for fault in result.faults:
        where, why = say(N_("Line {line}: "), {"line": fault.line}), say(fault.message, fault.params)
        line(Text(where + why, style="red"), to=err)
    if result.faults:
        next_step(N_("Correct these lines and import the list again; all others were taken in."))
    elif result.added:
        next_step(N_("Next: 'akten sheets --missing -o sheets.pdf' prints the cover sheets."))


def volumes(rows: Sequence[Volume]) -> None:
    """A table of inventory volumes."""
    if not rows:
        line(_("There is no such volume."))
        return
    shown = table(
        _("File number"), _("Volume"), _("Box"), _("Expected pages"), _("Remark"), right=(1, 3), whole=(2,)
    )
    for row in rows:
        expected = "" if row.expected_pages is None else str(row.expected_pages)
        shown.add_row(Text(row.file_number), str(row.number), Text(row.box), expected, Text(row.remark))
    out.print(shown)


def taken_in(result: Intake) -> None:
    """What was taken in, and what had come before."""
    renamed = [(name, earlier) for name, earlier in result.duplicates if name != earlier]
    for name, earlier in renamed[:_SOME]:
        note(N_("The same bytes came before: {name} is {first}"), name=name, first=earlier)
    if len(renamed) > _SOME:
        note(N_("… and {count} more"), count=len(renamed) - _SOME)
    note(
        N_("Files taken in: {count}, known before: {duplicates}"),
        count=result.new,
        duplicates=len(result.duplicates),
    )


def ingested(batch: Shape) -> None:
    """What does not add up in a batch just taken in, and how it goes on."""
    _troubles(batch)
    next_step(N_("Next: 'akten run' reads and stores what waits."))


def index_elsewhere() -> None:
    """Said once when work begins on a machine that does not keep the index, though its settings say so."""
    note(N_("Another machine keeps the search index; this one leaves indexing to it."))
    way_out(_("'akten index rebuild' moves it here; index.here = false says that it is meant so."), to=err)


# --- the goal and its pages --------------------------------------------------------------------------


def status(shape: Shape, batch: Shape | None = None) -> None:
    """Goal, pages and files, backlog, failures and alarms; with ``batch`` its own are told from others."""
    goal(shape["goal"])
    line("")
    labels = {
        "received": _("received"),
        "waiting": _("waiting"),
        "working": _("in work"),
        "stored": _("stored"),
        "unassigned": _("stored, without a case file"),
        "blank": _("blank"),
        "separator": _("cover and separator sheets"),
        "quarantined": _("in quarantine"),
    }
    shown = table("", _("Pages"), _("Files"), right=(1, 2))
    for name, label in labels.items():
        counts = [shape[kind].get(name) for kind in ("pages", "sources")]
        if name in ("received", "stored") or any(counts):
            shown.add_row(label, *("" if count is None else str(count) for count in counts))
    out.print(shown)
    backlog(N_("Left to do: {what}"), shape["backlog"])
    backlog(N_("Of that urgent: {what}"), shape["urgent"])
    if "parts" in shape:
        going.how_it_goes(shape)
    if batch is None:
        _troubles(shape)
    else:
        _own_troubles(shape, batch)
    _last_verification(shape["last_verification"])
    _after_status(shape)


def goal(counted: Mapping[str, int]) -> None:
    """The counted goal: digitised of all case files, with a bar."""
    done, total = counted["digitised"], counted["inventory"]
    share = f"{decimal(100 * done / total, _ONE_PLACE)} %" if total else "-"
    params: dict[str, Param] = {"done": done, "total": total, "share": share}
    heading(N_("Goal: {done} of {total} case files digitised ({share})"), params)
    filled = _BAR_WIDTH * done // total if total else 0
    line(Text("━" * filled, style="green").append("┄" * (_BAR_WIDTH - filled), style="dim"))


def backlog(sentence: str, left: Mapping[str, int]) -> None:
    """What is left to do, step by step, in a sentence; nothing is said when nothing is."""
    steps = {
        "split": _("files to open: {count}"),
        "recognise": _("pages to recognise: {count}"),
        "file": _("stacks to file: {count}"),
        "assemble": _("documents to make: {count}"),
        "index": _("documents to index: {count}"),
    }
    waiting = [say(steps[name], {"count": count}) for name, count in left.items() if count]
    if waiting:
        line("")
        line(say(sentence, {"what": ", ".join(waiting)}))


def _last_verification(last: Shape | None) -> None:
    if last:
        line("")
        text = N_("All objects last verified: {finished_at}, read: {checked}, problems: {problems}")
        line(Text(say(text, last), style="bold red" if last["problems"] else ""))


def _after_status(shape: Shape) -> None:
    if any(shape["backlog"].values()):
        next_step(N_("Next: 'akten run' goes on with what is left."))
    elif not shape["sources"]["received"]:
        next_step(N_("Next: 'akten inventory import LIST.csv', then 'akten run FOLDER'."))
    elif shape["failures"]:
        next_step(_RETRY)
    elif shape["pages"]["stored"]:
        next_step(N_("Next: 'akten search WORD' finds pages."))


def _troubles(shape: Shape) -> None:
    for kind, show in (("failures", failures), ("alarms", alarms)):
        if shape[kind]:
            line("")
            show(shape[kind], _SOME)


def _own_troubles(shape: Shape, batch: Shape) -> None:
    """All that is wrong with a batch, and how much there is besides."""
    for kind, show, others in (
        ("failures", failures, N_("In quarantine from other batches: {count} ('akten failures')")),
        ("alarms", alarms, N_("Other open alarms: {count} ('akten alarms')")),
    ):
        if batch[kind]:
            line("")
            show(batch[kind])
        if besides := len(shape[kind]) - len(batch[kind]):
            line("")
            line(say(others, {"count": besides}))


def failures(rows: Sequence[Shape], most: int | None = None) -> None:
    """What is in quarantine, why, and what to do; all of it or the first ones."""
    heading(N_("In quarantine: {count}"), {"count": len(rows)})
    for row in rows[:most]:
        where = row["source"]
        if row["page"]:
            where += " · " + say(N_("page {page}"), {"page": row["page"]})
        line(Text(where).append(f" · {row['id']}", style="dim"), 2)
        line(Text(row["reason"], style="red"), 4)
        way_out(row["hint"], 4)
    more(len(rows), most, "akten failures")


def quarantine(rows: Sequence[Shape]) -> None:
    """All that is in quarantine, and how to get it out."""
    if not rows:
        line(_("Nothing is in quarantine."))
        return
    failures(rows)
    next_step(_RETRY)


def alarms(rows: Sequence[Shape], most: int | None = None) -> None:
    """What does not add up; all of it or the first ones."""
    heading(N_("Alarms: {count}"), {"count": len(rows)})
    for row in rows[:most]:
        line(Text(f"{row['id']}: {row['reason']}", style="yellow"), 2)
        way_out(row["hint"], 4)
    more(len(rows), most, "akten alarms")


def open_alarms(rows: Sequence[Shape]) -> None:
    """What ``akten alarms`` prints."""
    if not rows:
        line(_("No alarm is open."))
        return
    alarms(rows)
    next_step(N_("When you have looked and it is all right: akten settle NUMBER --note 'why'."))


# --- documents and pages -----------------------------------------------------------------------------


def documents(rows: Sequence[Shape], *, some: bool = False) -> None:
    """A table of documents, one line a volume; ``some``: only the first ones if there are many."""
    if not rows:
        line(_("There is no document yet."))
        return
    headers = (_("File number"), _("Volume"), _("Pages"), _("Size"), _("State"), _("Document"))
    shown = table(*headers, right=(1, 2, 3), whole=(5,))
    most = _SOME_DOCUMENTS if some else None
    for row in rows[:most]:
        size = f"{decimal(row['bytes'] / 1e6, _ONE_PLACE)} MB" if row["bytes"] else ""
        number = Text(row["file_number"] or _("unassigned"))
        cells = (str(row["volume"] or ""), str(row["pages"]), size, state(row["state"]), row["document"])
        shown.add_row(number, *cells)
    out.print(shown)
    more(len(rows), most, "akten documents")


def shown(document: Shape, labels: Mapping[str, str]) -> None:
    """A document with its pages, a line each."""
    head = Text(document["file_number"] or _("unassigned"), style="bold")
    if document["volume"]:
        head.append(" · " + say(N_("volume {volume}"), {"volume": document["volume"]}), style="not bold")
    line(head.append(f" · {state(document['state'])} · {document['document']}", style="not bold"))
    headers = (_("Page"), _("Type"), _("OCR %"), _("Size (mm)"), _("Source, page"))
    pages = table(*headers, right=(0, 2, 3), whole=(4,))
    for row in document["pages"]:
        pages.add_row(
            str(row["number"] or "-"),
            _kind(row, labels),
            f"{row['confidence']:.0f}" if row["confidence"] else "",
            f"{row['width']:.0f} × {row['height']:.0f}" if row["width"] else "",
            f"{row['source']} {row['source_page']}",
        )
    out.print(pages)
    for sentence in remarks(document["pages"]):
        line(sentence)


def _kind(page: Shape, labels: Mapping[str, str]) -> Text:
    """What a page is: its document type and date, or what it is instead."""
    if page["stage"] != "stored":
        return Text(state(page["stage"]), style="dim")
    kind = Text(labels.get(page["type"] or "", _("unknown")))
    if page["date"]:
        year, month, day = page["date"].split("-")
        kind.append(" · " + say(N_("{year}-{month}-{day}"), {"year": year, "month": month, "day": day}))
    if page["flag"]:
        kind.append(" · " + _("not recognised"), style="yellow")
    return kind


# --- trust -------------------------------------------------------------------------------------------


def backed_up(shape: Shape) -> None:
    """Where the copy of the ledger lies and what is in it."""
    note(
        N_("Ledger copied to {path}: {megabytes} MB, {events} events, the last one of {last_event}"),
        megabytes=decimal(shape["bytes"] / 1e6, _ONE_PLACE),
        **{name: shape[name] or "-" for name in ("path", "events", "last_event")},
    )


def put_back(copy: Copy) -> None:
    """Which ledger holds from now on, and what has to follow."""
    last_event = copy.last_event or "-"
    note(N_("Ledger restored: {events} events, the last one of {at}"), events=copy.events, at=last_event)
    next_step(N_("Next: 'akten recover' brings back what was taken in after that, then 'akten run'."))


def recovered(shape: Shape) -> None:
    """What came back from the object store."""
    for key in shape["damaged"]:
        line(Text(say(N_("Not what it was when it was stored: {key}"), {"key": key}), style="bold red"))
    note(N_("Batches registered again: {batches}, with {files} files"), **_counted(shape))
    if shape["originals"]:
        found = {"count": len(shape["originals"])}
        note(N_("Files no intake had registered, taken in without a case file: {count}"), **found)
    if shape["batches"] or shape["originals"]:
        next_step(N_("Next: 'akten run' reads them, then 'akten verify'."))
    else:
        next_step(N_("Next: 'akten run' goes on with what is left, then 'akten verify'."))


def _counted(shape: Shape) -> dict[str, Param]:
    return {name: shape[name] for name in ("batches", "files")}


def doctor(shape: Shape) -> None:
    """Each part, what was found, and what mends it."""
    checks = table("", _("Part"), _("Found"), whole=(0, 1))
    for check in shape["checks"]:
        sign = Text("✓", style="green") if check["ok"] else Text("✗", style="bold red")
        found = Text(check["found"])
        if check["mend"]:
            found.append("\n→ " + check["mend"], style="dim")
        checks.add_row(sign, check["part"], found)
    out.print(checks)
    if shape["ok"]:
        line(_("Every part is there."))
