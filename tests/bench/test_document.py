import pytest

from bench.document import put


def test_a_document_keeps_all_but_what_stands_between_the_marks(tmp_path):
    document = tmp_path / "README.md"
    document.write_text("before\n<!-- m -->\nold\n<!-- /m -->\nafter\n")
    put("new", document, "m")
    assert document.read_text() == "before\n<!-- m -->\nnew\n<!-- /m -->\nafter\n"
    with pytest.raises(ValueError, match=r"README.md"):
        put("new", document, "another")
