"""The run over a collection of broken files: what it says of each."""

import os
import signal

import pytest

from bench import corpus
from config.settings import load_settings
from tests.office import blank, save


@pytest.fixture
def settings(tmp_path):
    return load_settings(tmp_path / "data")


def test_each_file_has_its_outcome_and_reason(settings, tmp_path):
    sound, cut = save(tmp_path / "blank.png", blank()), tmp_path / "cut.png"
    cut.write_bytes(sound.read_bytes()[:-20])
    first, second, again = (corpus.examine(settings, path, path.name) for path in (sound, cut, sound))
    assert (first.outcome, first.pages, first.reasons) == ("stored", 1, "")
    assert (second.outcome, second.pages) == ("quarantined", 0)
    assert "its end is missing" in second.reasons
    assert again.outcome == "known"
    assert first.memory_mb > 0
    assert not first.late


def test_a_lost_worker_is_noticed_and_costs_no_more_than_its_file(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "take_in", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    assert corpus.examine(settings, save(tmp_path / "a.png", blank()), "a.png").outcome == "lost"


def test_what_lies_beside_the_scans_is_left_out(tmp_path):
    for name in ("manifest.csv", "README.md", "a.gt.txt", "sub/b.pdf", "a.TIF"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [path.name for path in corpus.scans_below(tmp_path)] == ["a.TIF", "b.pdf"]
