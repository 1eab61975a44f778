"""What a search shows on a terminal: case files, their pages, kinds counted, and how to go on."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.text import Text

from config.words import _, language_name, say
from errors import N_
from reports.terminal import command, err, heading, line, mark, next_step, out
from storage.search.answers import Answer, CaseFile, Count, Facets, Hit
from storage.search.index import Sort

#: Kinds of a facet that are named; of years the newest.
_MOST_KINDS = 5


@dataclass(frozen=True, slots=True)
class Question:
    """A search as it was typed, so that the one that goes on from it can be told."""

    text: str
    file_number: str | None = None
    kind: str | None = None
    sort: Sort = Sort.RELEVANCE
    limit: int = 10
    offset: int = 0
    per_file: int | None = None
    groups: tuple[str, ...] = ()
    clearance: int | None = None

    def command(self) -> str:
        """The command that asks this; what is as it is by default is left out."""
        options: list[tuple[str, str | int | None]] = [
            ("--file-number", self.file_number),
            ("--type", self.kind),
            ("--sort", self.sort if self.sort is not Sort.RELEVANCE else None),
            ("--per-file", self.per_file),
            *(("--as-group", group) for group in self.groups),
            ("--clearance", self.clearance),
            ("--limit", self.limit if self.limit != Question("").limit else None),
            ("--offset", self.offset or None),
        ]
        words = [word for name, value in options if value is not None for word in (name, str(value))]
        return shlex.join(
            ["akten", "search", *words, *(["--"] if self.text.startswith("-") else []), self.text]
        )


def answer(found: Answer, asked: Question, labels: Mapping[str, str]) -> None:
    """Hits by case file, the best first, with the matched words marked."""
    heading(N_("Pages found: {total}, shown: {shown}"), {"total": found.total, "shown": len(found.hits)})
    if similar := found.total - found.exact:
        counted = {"exact": found.exact, "similar": similar}
        line(say(N_("As asked: {exact}; perhaps misread, marked ≈: {similar}"), counted))
    _facets(found.facets, labels)
    for one in found.files:
        line("")
        _case_file(one, [found.hits[place] for place in one.hits], asked, labels)
    _how_to_go_on(found, asked)


def _case_file(one: CaseFile, hits: Sequence[Hit], asked: Question, labels: Mapping[str, str]) -> None:
    head = Text(one.file_number or _("unassigned"), style="bold")
    line(head.append(" · " + say(N_("pages that match: {count}"), {"count": one.pages}), style="not bold"))
    for hit in hits:
        line(_place(hit, labels), 2)
        line(mark(hit.snippet, hit.marks, hit.tolerant_marks), 4)
    if one.pages > len(hits) and asked.file_number is None:
        own = replace(asked, file_number=one.file_number, per_file=None, offset=0)
        command(say(N_("All {count}: {command}"), {"count": one.pages, "command": own.command()}), 2)


def _place(hit: Hit, labels: Mapping[str, str]) -> Text:
    if hit.file_number:
        place = say(N_("volume {volume}, page {page}"), {"volume": hit.volume, "page": hit.page})
    else:
        place = say(N_("page {page}"), {"page": hit.page})
    head = Text("≈ " if hit.match == "tolerant" else "").append(place)
    head.append(f" · {labels.get(hit.type, _('unknown'))}")
    if hit.date:
        day = {"year": f"{hit.date:%Y}", "month": f"{hit.date:%m}", "day": f"{hit.date:%d}"}
        head.append(" · " + say(N_("{year}-{month}-{day}"), day))
    return head.append(f" · {hit.document}", style="dim")


def _facets(facets: Facets, labels: Mapping[str, str]) -> None:
    """Kinds in one line where they fit; where all pages are of one kind nothing could be narrowed down."""
    parts = [
        _kinds(_("Type"), facets.type, lambda key: labels.get(str(key), _("unknown"))),
        _kinds(_("Year"), facets.year, str),
        _kinds(_("Language"), facets.language, lambda code: language_name(str(code))),
    ]
    told = [part for part in parts if part]
    whole = " │ ".join(told)
    for one in [whole] if whole and len(whole) <= out.width else told:
        line(Text(one, style="dim"))


def _kinds(name: str, counts: Sequence[Count], label: Callable[[str | int], str]) -> str:
    if len(counts) < 2:  # noqa: PLR2004 - one kind
        return ""
    told = [f"{label(one.value)} ({one.count})" for one in counts[:_MOST_KINDS]]
    return f"{name}: " + " · ".join(told) + (" · …" if len(counts) > _MOST_KINDS else "")


def _how_to_go_on(found: Answer, asked: Question) -> None:
    if found.suggestion:
        line("")
        line(say(N_("Did you mean: {suggestion}"), {"suggestion": found.suggestion}))
        command(replace(asked, text=found.suggestion, offset=0).command())
    if found.next_offset is not None:
        more = replace(asked, offset=found.next_offset).command()
        err.print()
        command(say(N_("More: {command}"), {"command": more}), to=err)
    elif found.total and not found.hits:
        first = replace(asked, offset=0).command()
        command(say(N_("There are no more. The first ones: {command}"), {"command": first}), to=err)
    elif found.hits:
        best = found.hits[0].document
        next_step(N_("Next: 'akten fetch {document} -o akte.pdf' takes the first one out."), document=best)
    elif not found.suggestion:
        next_step(N_("Look for fewer words, or for their beginning: Verpflicht*"))
