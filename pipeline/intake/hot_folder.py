"""A hot folder: what is dropped into it is taken in once it is complete, and moved once it is safe.

    DIR/x ── still for a while ──▶ taken in ── all of it finished ──▶ compared again ──▶ DIR/done/x
                                   (ledger, store)                                   └─▶ DIR/failed/x, x.txt

One delivery is one entry of the folder: a file, or a folder with everything below it. Nothing is
remembered but in memory: the ledger is asked by the bytes what became of a file, so after a restart each
delivery that still lies there is taken in once more, which finds it known, and goes on from there.

A delivery is complete when nothing about it has changed for some seconds of this process's own clock;
what times its files carry does not matter, so no clock that jumps makes a growing file look complete.
Whoever drops files is trusted to write only into files, not to race for minutes against being moved.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from errors import N_, AktenError, BadHotFolder, Interrupted, NothingToDo, Param, PlaceUnusable, fill
from pipeline import damage
from pipeline.intake import arrivals, moves
from pipeline.intake.delivery import is_junk, printable
from pipeline.intake.register import Intake
from pipeline.intake.release import Problem, ensure_stored, is_same, problems_of
from storage.ledger import Ledger
from storage.ledger.fates import Fate, fates
from storage.objects import ObjectStore

DONE, FAILED = "done", "failed"
_TICK_SECONDS = 0.25
#: After a look at the whole folder, or a question to the ledger, this many times as long there is none.
_LOOKING_SHARE = 20
#: A look at all at least so often within the time a delivery has to be still.
_LOOKS = 2
#: Seconds after which it is tried again when store, ledger or disk are away.
_PAUSE_SECONDS = 5.0
_AWAY = N_("The hot folder waits: {reason}")
_UNREADABLE = N_("The hot folder cannot be read: {detail}")


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell whoever looks after the folder: a template and its fields.

    ``name`` is the delivery's as people know it, ``inode`` its number on the disk, which may stand in a log.
    Both are empty when it is about the folder.
    """

    message: str
    params: Mapping[str, Param]
    name: str = ""
    inode: int = 0


@dataclass(frozen=True, slots=True)
class Office:
    """Whom the folder works with: the ledger, the store, and those who know words and settings.

    ``take`` takes in one path, telling how many files of how many are done; ``explain`` makes the text
    that is put beside what has failed; ``notify`` tells a person.
    """

    ledger: Ledger
    objects: ObjectStore
    take: Callable[[Path, Callable[[int, int], None]], Intake]
    explain: Callable[[Sequence[Problem]], str]
    notify: Callable[[Notice], None]
    on_file: Callable[[int, int], None] = lambda _done, _total: None


@dataclass(slots=True)
class _Delivery:
    """One entry of the folder: how it looked last, when to go on with it, and what was taken in of it.

    ``mark`` is empty while it cannot be read. ``content`` is the SHA-256 of each of its files, None until
    they are taken in. ``told`` is what was last said about it, so that it is said once.
    """

    path: Path
    mark: bytes
    inode: int
    due: float
    content: Mapping[Path, str] | None = None
    told: str = ""


class HotFolder:
    """The folder ``root``; ``own`` folders, where Aktenwerk keeps its files, must be apart from it.

    Use it as a context: it makes ``done`` and ``failed`` and keeps others from watching the same folder.
    Raises ``BadHotFolder`` or ``NothingToDo`` when it cannot be meant, ``PlaceUnusable`` when it cannot
    be used.
    """

    def __init__(
        self,
        root: Path,
        office: Office,
        settle_seconds: float,
        own: Iterable[Path] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root = _sensible(root, own)
        self._office, self._settle, self._clock = office, settle_seconds, clock
        self._deliveries: dict[str, _Delivery] = {}
        self._next_look = self._next_question = self._next_try = 0.0
        self._told: dict[str, str] = {}
        self._stop = threading.Event()
        self._opened = ExitStack()

    def __enter__(self) -> HotFolder:
        try:
            with ExitStack() as stack:
                handle = stack.enter_context(moves.opened(self._root))
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._require_targets(os.fstat(handle).st_dev)
                self._opened = stack.pop_all()
        except BlockingIOError as error:
            raise BadHotFolder(path=str(self._root), detail=N_("another 'akten watch' has it")) from error
        except OSError as error:
            raise PlaceUnusable(path=str(self._root), detail=_said(error)) from error
        return self

    def __exit__(self, *_exc: object) -> None:
        self._opened.close()

    def _require_targets(self, device: int) -> None:
        for name in (DONE, FAILED):
            with moves.opened(self._root, name) as target:
                if os.fstat(target).st_dev != device:
                    detail = N_("its '{inner}' lies on another disk, where nothing can be moved in one step")
                    raise BadHotFolder(path=str(self._root), detail=detail, inner=name)

    @property
    def waiting(self) -> int:
        """How many deliveries lie there."""
        return len(self._deliveries)

    def run(self) -> None:
        """Look after the folder until told to stop."""
        with suppress(Interrupted):
            for changed in arrivals.changes(self._root, self._stop, _TICK_SECONDS):
                self.tick(changed)

    def stop(self) -> None:
        """Let ``run`` end after the file at hand."""
        self._stop.set()

    def tick(self, changed: Iterable[str] = ()) -> None:
        """Look what has come, at least at the names ``changed``; take in what is complete, move what is done.

        While the ledger or the store are away everything waits.
        """
        if not self._look(changed) or self._clock() < self._next_try:
            return
        try:
            for one in self._settled():
                self._attempt(self._take_in, one)
            for one in self._finished():
                self._attempt(self._put_away, one)
        except Interrupted:
            raise
        except AktenError as error:
            if not error.retryable:
                raise
            self._next_try = self._clock() + _PAUSE_SECONDS
            self._tell_once(_AWAY, reason=error.message, **error.params)

    def _attempt(self, step: Callable[[_Delivery], None], one: _Delivery) -> None:
        """One step with one delivery; what goes wrong with it holds up no other."""
        self._check_stop()
        one.due = self._later()
        try:
            step(one)
        except (FileNotFoundError, NothingToDo):
            one.mark = b""  # it, or something in it, is gone: the next look tells
        except OSError as error:
            self._tell(one, N_("waits: {detail}"), detail=_said(error))
        except AktenError as error:
            if error.retryable:
                raise
            self._tell(one, N_("waits: {reason}"), reason=error.message, **error.params)

    # --- looking -------------------------------------------------------------------------------------

    def _look(self, changed: Iterable[str]) -> bool:
        """Look at some or, when it is time, at all; False when the folder itself cannot be read."""
        began, names = self._clock(), set(changed)
        try:
            if at_all := began >= self._next_look:
                names = {path.name for path in self._root.iterdir()}
                for gone in self._deliveries.keys() - names:
                    del self._deliveries[gone]
            for name in sorted(names):
                self._look_at(name)
        except OSError as error:  # the folder itself: taken away, or a share that is not there
            self._tell_once(_UNREADABLE, detail=_said(error))
            return False
        self._told.pop(_UNREADABLE, None)
        if at_all:
            now = self._clock()
            self._next_look = max(began + self._settle / _LOOKS, now + _LOOKING_SHARE * (now - began))
        return True

    def _look_at(self, name: str) -> None:
        path, known = self._root / name, self._deliveries.get(name)
        if known is None and self._is_passed_over(path):
            return
        mark, inode, problem = b"", 0, ""
        try:
            seen = arrivals.look(path)
            mark, inode = seen.mark, seen.inode
        except FileNotFoundError:
            self._deliveries.pop(name, None)
            return
        except OSError as error:
            problem = _said(error)
        if known is None or known.mark != mark:
            told = known.told if known else ""
            known = self._deliveries[name] = _Delivery(path, mark, inode, self._later(), told=told)
        if problem:
            self._tell(known, N_("waits, it cannot be read: {detail}"), detail=problem)

    def _is_passed_over(self, path: Path) -> bool:
        """Whether it is no delivery: not finished by its name, junk, or where deliveries go."""
        if path.name.casefold() in (DONE, FAILED):
            # File systems that do not tell capitals show names as they like; elsewhere DONE is a delivery.
            with suppress(FileNotFoundError):
                return path.samefile(self._root / path.name.casefold())
        return arrivals.is_temporary(path) or is_junk(path)

    def _later(self) -> float:
        return self._clock() + self._settle

    # --- taking in -----------------------------------------------------------------------------------

    def _settled(self) -> list[_Delivery]:
        """What has not changed for long enough, by the looks so far."""
        now = self._clock()
        return [
            one for one in self._deliveries.values() if one.content is None and one.mark and one.due <= now
        ]

    def _take_in(self, one: _Delivery) -> None:
        """Take in a delivery, if it still is as it was and nobody is seen writing."""
        seen = arrivals.look(one.path)
        if seen.mark != one.mark:
            one.mark = seen.mark
        elif seen.unfinished:
            said = N_("waits for '{inner}': by its name it is not finished")
            self._tell(one, said, inner=printable(seen.unfinished.name))
        elif seen.is_empty:
            self._tell(one, N_("waits: there is nothing in it yet"))
        elif writing := arrivals.written(seen.files):
            said = N_("waits for '{inner}': a program has it open for writing")
            self._tell(one, said, inner=printable(writing.name))
        else:
            one.content = self._taken(one.path, seen)
            one.due = self._next_question = self._clock()
            self._told.pop(_AWAY, None)

    def _taken(self, path: Path, seen: arrivals.Sight) -> Mapping[Path, str]:
        if path in seen.others:
            return {}  # a link or a device: there is nothing to be taken in
        return self._office.take(path, self._on_file).content

    def _on_file(self, done: int, total: int) -> None:
        self._check_stop()
        self._office.on_file(done, total)

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Interrupted

    # --- putting away --------------------------------------------------------------------------------

    def _finished(self) -> list[_Delivery]:
        """Deliveries that were taken in and of which nothing waits any longer, by what the ledger says."""
        began = self._clock()
        taken = [one for one in self._deliveries.values() if one.content is not None and one.due <= began]
        if not taken or began < self._next_question:
            return []
        with self._office.ledger.read() as tx:
            known = fates(tx, {sha256 for one in taken for sha256 in (one.content or {}).values()})
        now = self._clock()
        self._next_question = now + max(_TICK_SECONDS, _LOOKING_SHARE * (now - began))
        for one in taken:
            if not known.keys() >= set((one.content or {}).values()):
                one.content = None  # a ledger restored from an old backup: it is taken in anew
        return [
            one for one in taken if one.content is not None and _all_finished(one.content.values(), known)
        ]

    def _put_away(self, one: _Delivery) -> None:
        """Compare file, store and ledger once more, then move the delivery.

        What has changed since it was taken in stays, and is taken in anew.
        """
        content, hashes = one.content or {}, set((one.content or {}).values())
        if self._has_changed(one, content):
            one.content = None
            self._tell(one, N_("has changed since it was taken in and is taken in anew"))
            return
        for path, sha256 in content.items():
            self._check_stop()
            if not ensure_stored(self._office.objects, path, sha256):
                with self._office.ledger.write() as tx:
                    damage.clear(tx, sha256[:20])
                self._tell(one, N_("its original was damaged or missing in the store and was stored again"))
        with self._office.ledger.read() as tx:
            known = fates(tx, hashes)
        seen = arrivals.look(one.path)
        if seen.mark != one.mark or not _all_finished(hashes, known):
            return  # it changed, or is tried again, in this very moment
        problems = list(problems_of(self._root, seen, content, known))
        target, text = (FAILED, self._office.explain(problems)) if problems else (DONE, None)
        moves.move(self._root, one.path.name, target, text)
        del self._deliveries[one.path.name]
        self._told.pop(_AWAY, None)
        if problems:
            said = N_("moved to {target}/, in quarantine or not taken in: {count}")
        else:
            said = N_("moved to {target}/, files stored: {count}")
        self._tell(one, said, target=target, count=len(problems or content))

    def _has_changed(self, one: _Delivery, content: Mapping[Path, str]) -> bool:
        seen = arrivals.look(one.path)
        if seen.mark != one.mark or arrivals.written(seen.files):
            one.mark = seen.mark
            return True
        for path, sha256 in content.items():
            self._check_stop()
            if not is_same(path, sha256):
                return True
        return False

    # --- telling -------------------------------------------------------------------------------------

    def _tell(self, one: _Delivery, message: str, **params: Param) -> None:
        """Say something about a delivery, unless it was the last thing said about it."""
        if one.told != (told := message + fill(message, params)):
            one.told = told
            self._office.notify(Notice(message, params, printable(one.path.name), one.inode))

    def _tell_once(self, message: str, **params: Param) -> None:
        """Say what concerns the whole folder, once until it is over."""
        if self._told.get(message) != (told := fill(message, params)):
            self._told[message] = told
            self._office.notify(Notice(message, params))


def _sensible(root: Path, own: Iterable[Path]) -> Path:
    """The folder's real path; raises ``NothingToDo`` or ``BadHotFolder``."""
    if not root.is_dir():
        raise NothingToDo(name=str(root))
    real = root.resolve()
    if real.parent == real:
        raise BadHotFolder(path=str(root), detail=N_("it is the whole file system"))
    for place in (folder.resolve() for folder in own):
        if place == real or place in real.parents or real in place.parents:
            raise BadHotFolder(path=str(root), detail=N_("it must lie apart from the data folder"))
    return real


def _all_finished(hashes: Iterable[str], known: Mapping[str, Fate]) -> bool:
    return all(sha256 in known and known[sha256].finished for sha256 in hashes)


def _said(error: OSError) -> str:
    """The system's sentence, without the path."""
    return error.strerror or type(error).__name__
