import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ocr.lines import decode
from ocr.lines.network import STEP, Network, batches
from ocr.lines.pieces import drawn
from ocr.lines.traineddata import load
from tests.ocr.lines.test_traineddata import path_of


@pytest.fixture(scope="module")
def model():
    return load(path_of("deu"))


@pytest.fixture(scope="module")
def network(model):
    return Network(model)


@pytest.fixture(scope="module")
def lines(draw, model):
    """The lines of the letter, as the network sees them."""
    pages = [draw.page([line], size=(900, 48), at=(8, 5)) for line in draw.letter]
    return [drawn(page[:, : np.flatnonzero(page.min(axis=0) < 128)[-1] + 8], model.height) for page in pages]


def text_of(chances, model):
    return "".join(letter.text for letter in decode.letters(chances, model.letters, model.blank))


def test_lines_are_read_in_the_order_they_are_given(network, model, lines, draw):
    assert [text_of(chances, model).strip() for chances in network.read(lines)] == list(draw.letter)


def test_a_line_reads_the_same_alone_and_among_others_of_any_length(network, model, lines):
    crowd = [lines[0][:, :200], lines[1], np.ones((model.height, 2), np.float32), lines[2][:, :61]]
    together = network.read(crowd)
    assert [len(chances) for chances in together] == [line.shape[1] // STEP for line in crowd]
    for line, chances in zip(crowd, together, strict=True):
        (alone,) = network.read([line])
        assert np.allclose(alone, chances, atol=1e-4)


def test_nothing_is_read_of_nothing(network):
    assert network.read([]) == []


def test_chances_of_a_column_sum_to_one(network, lines):
    assert np.allclose(network.read(lines[:1])[0].sum(axis=1), 1, atol=1e-4)


def test_lines_of_like_length_are_read_together():
    assert list(batches([100, 0, 5, 90, 61, 59])) == [[0, 3, 4], [5], [2]]
    assert [len(batch) for batch in batches([50] * 100)] == [32, 32, 32, 4]


def test_the_library_keeps_no_account_of_its_use_and_starts_no_thread(tmp_path):
    """What it would keep it would send to its maker, by threads of its own."""
    program = "import os, ocr.lines.network; print(len(os.listdir('/proc/self/task')))"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORT_")}
    own = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).resolve().parents[3],
        env=kept | own,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1"
    assert list(tmp_path.iterdir()) == []
