"""Errors are read by clerks, years later and in two languages: what each of them has to bring along."""

from __future__ import annotations

import re
import string

import pytest

import errors
from errors import AktenError, describe, fill


def family(base: type[AktenError]) -> list[type[AktenError]]:
    return [base, *(member for child in base.__subclasses__() for member in family(child))]


ALL = [error for error in family(AktenError) if error.__module__ == "errors"]
#: What is actually raised with a message of its own; the rest are families.
LEAVES = [error for error in ALL if not error.__subclasses__()]

each_error = pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
each_leaf = pytest.mark.parametrize("error", LEAVES, ids=lambda error: error.__name__)


def fields(template: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]


def sample(error: type[AktenError]) -> dict[str, errors.Param]:
    """A value for every field of an error's templates."""
    return {name: f"<{name}>" for name in fields(error.message + error.hint)}


def test_each_code_names_one_error():
    codes = [error.__dict__.get("code") for error in ALL]
    assert None not in codes, "each class has a code of its own"
    assert sorted(codes) == sorted(set(codes))


@each_error
def test_codes_can_be_kept_in_records(error):
    assert re.fullmatch(r"[a-z][a-z_]*", error.code)


@each_leaf
def test_says_what_happened_and_what_to_do(error):
    assert error.message != AktenError.message, "a message of its own"
    assert error.message.endswith((".", "}", ")")), "a whole sentence, or one that ends in a detail"
    assert error.hint.endswith((".", "}")), "a way out for whoever reads it"


@each_error
def test_templates_have_plain_named_fields(error):
    assert all(name.isidentifier() for name in fields(error.message + error.hint))


@each_error
def test_all_fields_can_be_filled(error):
    values = sample(error)
    assert "{" not in fill(error.message, values) + fill(error.hint, values)
    assert str(error(**values)) == fill(error.message, values)
    assert error(**values).params == values


@each_error
def test_a_record_of_code_and_params_reads_the_same_later(error):
    raised = error(**sample(error))
    described = describe(raised.code)
    assert fill(described.message, raised.params) == str(raised)
    assert described.hint == error.hint
    assert described.retryable == error.retryable


def test_a_code_from_a_newer_version_describes_itself():
    assert describe("invented_later") == errors.Description("invented_later", "", False)


def test_a_missing_field_stays_visible():
    assert str(errors.NotFound()) == "Nothing is known under '{name}'."


def test_braces_in_a_value_are_text():
    assert str(errors.NotFound(name="{0} {x}")) == "Nothing is known under '{0} {x}'."


@each_error
def test_exit_codes_are_the_documented_ones(error):
    assert error.exit_code in {1, 2, 3, 4}


def test_the_tree_in_the_docstring_is_true():
    tree = (errors.__doc__ or "").partition("\n\n")[2].partition("\n\n")[0]
    drawn = dict(re.findall(r"\b([A-Z][A-Za-z]+)(\*?)(?=[\s,]|$)", re.sub(r"exit \d .*", "", tree)))
    assert set(drawn) == {error.__name__ for error in ALL}
    assert {name for name, star in drawn.items() if star} == {e.__name__ for e in ALL if e.retryable}
