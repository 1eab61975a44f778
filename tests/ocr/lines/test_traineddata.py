import struct
from pathlib import Path

import numpy as np
import pytest

from ocr import tesseract
from ocr.lines.dictionary import Dictionary
from ocr.lines.traineddata import Model, load


def path_of(name: str) -> Path:
    return Path(tesseract.models_folder()) / f"{name}.traineddata"


@pytest.fixture(scope="module")
def german():
    return load(path_of("deu"))


def test_a_model_is_a_network_for_lines_and_its_letters(german):
    assert german.height == 36
    assert (german.down.size, german.forward.size, german.backward.size, german.again.size) == (
        64,
        96,
        96,
        192,
    )
    assert german.output.weights.shape == (len(german.letters), 192)
    assert german.letters[0] == " "
    assert {"ß", "Ä", "€", "7"} <= set(german.letters)
    assert not {"NULL", "Joined"} & set(german.letters)
    assert np.abs(german.again.gates[0].weights).max() < 20
    assert not german.right_to_left


@pytest.mark.parametrize("name", ["ara", "fas"])
def test_a_model_that_reads_from_right_to_left_says_so(name):
    assert load(path_of(name)).right_to_left


def test_a_model_of_another_build_is_not_for_us():
    assert load(path_of("osd")) is None


@pytest.mark.parametrize("size", [0, 3, 100, 192, 5_000, 400_000, 417_600, 1_517_800])
def test_half_a_model_is_not_for_us(tmp_path, size):
    half = tmp_path / "half.traineddata"
    half.write_bytes(path_of("deu").read_bytes()[:size])
    assert load(half) is None


def test_a_damaged_model_is_read_or_refused_but_breaks_nothing(tmp_path):
    whole, damaged = bytearray(path_of("deu").read_bytes()), tmp_path / "damaged.traineddata"
    for position in [*range(0, 200, 7), *range(200, 420_000, 20_011), *range(1_517_694, len(whole), 501)]:
        kept = whole[position]
        whole[position] ^= 0xFF
        damaged.write_bytes(whole)
        assert isinstance(load(damaged), Model | None)
        whole[position] = kept


def test_the_dictionary_knows_words_and_not_others(german):
    words = german.words
    assert all(word in words for word in ("Verwaltung", "der", "Straße"))
    assert not any(word in words for word in ("Venwaltung", "Verwaltun", "", "der7"))


def test_a_model_without_dictionary_knows_no_word(german):
    assert "der" not in Dictionary(b"", german.letters)


def test_a_model_whose_dictionary_is_of_another_format_is_not_for_us(tmp_path):
    data = bytearray(path_of("deu").read_bytes())
    (words,) = struct.unpack_from("<q", data, 4 + 8 * 19)
    data[words] ^= 0xFF
    other = tmp_path / "other.traineddata"
    other.write_bytes(data)
    assert load(other) is None
