"""What ``akten status`` says of the moment: what is away, who works, what waits for what."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.text import Text

from config.words import _, say
from errors import N_, Param
from reports.terminal import line, way_out

Shape = Mapping[str, Any]

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def how_it_goes(shape: Shape) -> None:
    """Everything that is not as it should be, and, while there is work, who does it."""
    if any(shape["backlog"].values()) or any(part["code"] for part in shape["parts"].values()):
        line("")
    for part in shape["parts"].values():
        if part["code"]:
            _warn(part["reason"], {})
    if any(shape["backlog"].values()):
        _workers(shape)
    for waits in shape["deferred"]:
        _deferred(waits, is_tried=bool(shape["workers"]["alive"]))
    if shape["stalled_seconds"] is not None:
        _warn(
            N_("Nothing has been finished for {time}, though somebody works."),
            {"time": span(shape["stalled_seconds"])},
        )
        way_out(
            _("Look at the log, and at 'akten doctor'; 'akten work' may be stopped and started safely."), 2
        )


def _workers(shape: Shape) -> None:
    workers = shape["workers"]
    if workers["alive"] == 0:
        _warn(N_("Nobody is working on it."), {})
        way_out(_("'akten work' or 'akten run' does, on any machine that shares the ledger."), 2)
    elif workers["alive"]:
        text = N_("Workers: {alive}, busy: {busy}, machines: {machines}.")
        line(say(text, workers))
    since = {"oldest_waiting": N_("The oldest page has been waiting for {time}."),
             "last_finished": N_("Something was last finished {time} ago.")}  # fmt: skip
    for name, text in since.items():
        if shape[name]:
            line(say(text, {"time": span(-_until(shape[name]))}))


def _deferred(waits: Shape, *, is_tried: bool) -> None:
    texts = {
        "split": N_("files to open: {count}"),
        "recognise": N_("pages to recognise: {count}"),
        "assemble": N_("documents to make: {count}"),
    }
    fields = {
        "reason": waits["reason"],
        "what": say(texts[waits["step"]], {"count": waits["tasks"]}),
        "time": span(-_until(waits["since"])),
    }
    _warn(N_("{reason}, for {time} now. Waiting for it: {what}."), fields)
    left = _until(waits["next_try"])
    if not is_tried:
        again = N_("It is tried again as soon as somebody works.")
    elif left > 0:
        again = N_("It is tried again in {time}.")
    else:
        again = N_("It is being tried again.")
    way_out(say(again, {"time": span(left)}), 2)


def _until(moment: str | None) -> float:
    """Seconds from now to a moment; 0 when it is not known."""
    return datetime.fromisoformat(moment).timestamp() - time.time() if moment else 0.0


def _warn(template: str, params: Mapping[str, Param]) -> None:
    line(Text(say(template, params), style="yellow"))


def span(seconds: float) -> str:
    """A time as people say it, in its largest unit."""
    for size, text in ((_DAY, N_("{n} d")), (_HOUR, N_("{n} h")), (_MINUTE, N_("{n} min"))):
        if seconds >= 2 * size:
            return say(text, {"n": int(seconds // size)})
    return say(N_("{n} s"), {"n": int(max(seconds, 0))})
