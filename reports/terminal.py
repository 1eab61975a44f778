"""What the commands print for people: tables, a goal with a bar, hits with the match marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from config.words import _, say
from errors import N_, AktenError, fill
from pipeline.intake.inventory import Import
from pipeline.intake.take_in import Intake
from storage.index import Answer
from storage.ledger.inventory import Volume

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
_BAR_WIDTH = 40


def error(problem: AktenError) -> None:
    """An error in plain words, with the way out."""
    err.print(Text(say(problem.message, problem.params), style="bold red"))
    if problem.hint:
        err.print(Text("→ " + say(problem.hint, problem.params)))


def note(template: str, **params: str | int) -> None:
    """A remark beside the result, on standard error."""
    err.print(Text(say(template, params)))


def goal(counted: Mapping[str, int]) -> None:
    """The counted goal: digitised of all case files, with a bar."""
    done, total = counted["digitised"], counted["inventory"]
    share = f"{100 * done / total:.1f} %" if total else "-"
    template = _("Goal: {done} of {total} case files digitised ({share})")
    out.print(Text(fill(template, {"done": done, "total": total, "share": share}), style="bold"))
    out.print(ProgressBar(total=max(total, 1), completed=done, width=_BAR_WIDTH))


def status(shape: Mapping[str, Any]) -> None:
    """Goal, pages, sources, backlog, failures and alarms."""
    goal(shape["goal"])
    table = Table("", _("Pages"), _("Files"), box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, label in (
        ("received", _("received")),
        ("waiting", _("waiting")),
        ("working", _("in work")),
        ("stored", _("stored")),
        ("unassigned", _("stored, but assigned to no case file")),
        ("blank", _("blank")),
        ("separator", _("cover and separator sheets")),
        ("quarantined", _("in quarantine")),
    ):
        row = [str(shape[kind].get(name, "")) for kind in ("pages", "sources")]
        if name in ("received", "stored") or any(count not in ("", "0") for count in row):
            table.add_row(label, *row)
    out.print(table)
    backlog = {name: count for name, count in shape["backlog"].items() if count}
    if backlog:
        steps = {
            "split": _("files to open"),
            "recognise": _("pages to recognise"),
            "file": _("stacks to file"),
            "assemble": _("documents to make"),
            "index": _("documents to index"),
        }
        out.print(_("Backlog: ") + ", ".join(f"{count} {steps[name]}" for name, count in backlog.items()))
    failures(shape["failures"])
    alarms(shape["alarms"])


def failures(rows: Sequence[Mapping[str, Any]]) -> None:
    """What is in quarantine and why."""
    if not rows:
        return
    table = Table(
        _("Id"), _("Source"), _("Reason and way out"), title=_("In quarantine"), title_justify="left"
    )
    for row in rows:
        where = row["source"] + (f" · {_('page')} {row['page']}" if row["page"] else "")
        table.add_row(row["id"], Text(where), _with_hint(row))
    out.print(table)


def alarms(rows: Sequence[Mapping[str, Any]]) -> None:
    """What does not add up."""
    if not rows:
        return
    table = Table(_("Alarm"), title=_("Alarms"), title_justify="left", show_header=False)
    for row in rows:
        table.add_row(_with_hint(row))
    out.print(table)


def _with_hint(row: Mapping[str, Any]) -> Text:
    text = Text(row["reason"])
    if row["hint"]:
        text.append("\n→ " + row["hint"], style="dim")
    return text


def hits(found: Answer, labels: Mapping[str, str]) -> None:
    """Search hits: case file, page, type, and the place with the match marked."""
    out.print(Text(say(N_("{total} pages found"), {"total": found.total}), style="bold"))
    for hit in found.hits:
        head = Text(hit.file_number or _("unassigned"), style="bold")
        place = say(N_("volume {volume}, page {page}"), {"volume": hit.volume, "page": hit.page})
        head.append(f" · {place} · {labels.get(hit.type, _('unknown'))}", style="not bold")
        head.append(f" · {hit.document}", style="dim not bold")
        snippet = Text("  " + hit.snippet)
        for start, end in hit.marks:
            snippet.stylize("bold reverse", start + 2, end + 2)
        out.print(Group(head, snippet))


def documents(rows: Iterable[Mapping[str, Any]]) -> None:
    """A table of documents: one line a volume."""
    headers = (_("File number"), _("Volume"), _("Pages"), _("Size"), _("State"), _("Document"))
    table = Table(*headers)
    for column in table.columns[1:4]:
        column.justify = "right"
    states = {"stored": _("stored"), "empty": _("empty"), "failed": _("in quarantine")}
    for row in rows:
        size = f"{row['bytes'] / 1e6:.1f} MB" if row["bytes"] else ""
        volume = str(row["volume"] or "")
        state = states.get(row["state"], _("in work"))
        number = Text(row["file_number"] or _("unassigned"))
        table.add_row(number, volume, str(row["pages"]), size, state, row["document"])
    out.print(table)


def volumes(rows: Iterable[Volume]) -> None:
    """A table of inventory volumes."""
    table = Table(_("File number"), _("Volume"), _("Box"), _("Expected pages"), _("Remark"))
    for row in rows:
        expected = "" if row.expected_pages is None else str(row.expected_pages)
        table.add_row(Text(row.file_number), str(row.number), Text(row.box), expected, Text(row.remark))
    out.print(table)


def imported(result: Import) -> None:
    """What came of an inventory import, faults by line."""
    counted = {"added": result.added, "updated": result.updated, "unchanged": result.unchanged}
    out.print(say(N_("Volumes: {added} added, {updated} updated, {unchanged} unchanged"), counted))
    for fault in result.faults:
        line = say(N_("line {line}: "), {"line": fault.line})
        err.print(Text(line + say(fault.message, fault.params), style="red"))


def taken_in(result: Intake) -> None:
    """What was taken in, and what had come before."""
    for name, first in result.duplicates[:20]:
        note(N_("The same bytes came before: {name} is {first}"), name=name, first=first)
    if len(result.duplicates) > 20:  # noqa: PLR2004 - enough to see what it is about
        note(N_("… and {count} more"), count=len(result.duplicates) - 20)
    note(
        _("{count} files taken in, {duplicates} known before"),
        count=result.new,
        duplicates=len(result.duplicates),
    )


def shown(document: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    """A document with its pages, a line each."""
    head = Text(document["file_number"] or _("unassigned"), style="bold")
    head.append(f" · {_('volume')} {document['volume'] or '-'} · {document['document']}", style="not bold")
    out.print(head)
    table = Table(_("Page"), _("Type"), _("Confidence"), _("Size (mm)"), _("Words"), _("Source"))
    for row in document["pages"]:
        table.add_row(
            str(row["number"] or row["stage"]),
            labels.get(row["type"] or "", _("unknown")),
            f"{row['confidence'] or 0:.0f}",
            f"{row['width']:.0f} × {row['height']:.0f}" if row["width"] else "",
            str(len(row["words"])),
            f"{row['source']}·{row['source_page']}",
        )
    out.print(table)


def verification(shape: Mapping[str, Any]) -> None:
    """What a verification found: plainly all right, or every problem."""
    for problem in shape["problems"]:
        out.print(Text("✗ " + problem, style="bold red"))
    objects, pages = shape["objects"], shape["pages"]
    text = N_(
        "{checked} objects read again, {damaged} damaged, {missing} missing; "
        "{accounted} of {received} pages accounted for"
    )
    line = say(text, {**objects, **pages})
    out.print(Text(("✓ " if shape["ok"] else "✗ ") + line, style="bold green" if shape["ok"] else "bold red"))


def plain(text: str) -> None:
    """A line that is to be read or copied as it is."""
    out.print(escape(text), soft_wrap=True)
