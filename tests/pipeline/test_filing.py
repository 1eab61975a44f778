"""Filing: the rules of pipeline/filing.py one by one, then what has to hold for every stack there can be."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.filing import Doubt, Filing, Gap, Sheet, file_stack
from pipeline.sheets.codes import BadSheetCode, CoverCode, SeparatorCode

KNOWN = {"sheet-A": "A", "sheet-B": "B", "sheet-C": "C"}


class Stack:
    """Builds a stack: one source of many pages unless ``images``, where each page is a file of its own."""

    def __init__(self, hint: str | None = None, by: str = "name", *, images: bool = False) -> None:
        self.items: list[Sheet | Gap] = []
        self.hint, self.by, self.images = hint, by, images

    def add(self, *pages: str, **details) -> "Stack":
        for page in pages:
            values = {"code": None, "type": "unknown", "hint": self.hint, "hint_by": self.by, **details}
            values["hint_by"] = values["hint_by"] if values["hint"] else None
            self.items.append(Sheet(page, page if self.images else "source", **values))
        return self

    def cover(self, volume: str, **details) -> "Stack":
        page = f"cover-{volume}-{len(self.items)}"
        return self.add(page, code=CoverCode(f"sheet-{volume}"), **details)

    def separator(self, kind: str, **details) -> "Stack":
        return self.add(f"separator-{len(self.items)}", code=SeparatorCode(kind), **details)

    def bad(self, **details) -> "Stack":
        return self.add("bad", code=BadSheetCode("AKTEN1:V:X"), **details)

    def unreadable(self, page: str = "unreadable", **details) -> "Stack":
        return self.add(page, readable=False, **details)

    def gap(self) -> "Stack":
        self.items.append(Gap("gap"))
        return self

    def file(self) -> Filing:
        return file_stack(iter(self.items), KNOWN.get)


def places(filing: Filing) -> dict[str, str | None]:
    """Where the content pages go."""
    return {one.page_id: one.volume_id for one in filing.filed if len(one.page_id) <= 2}


def doubts(filing: Filing) -> list[tuple[str, str, str | None]]:
    return [(one.code, one.subject, one.volume_id) for one in filing.doubts]


class TestCoverSheets:
    def test_one_holds_for_all_that_follows_up_to_the_next(self):
        filing = Stack().cover("A").add("a1", "a2").cover("B").add("b1").cover("A").add("a3").file()
        assert places(filing) == {"a1": "A", "a2": "A", "b1": "B", "a3": "A"}
        assert doubts(filing) == []

    def test_it_lies_in_its_own_volume(self):
        filing = Stack().cover("A").cover("B").file()
        assert [one.volume_id for one in filing.filed] == ["A", "B"]

    def test_blank_pages_go_with_the_others(self):
        assert places(Stack().cover("A").add("a1").add("a2", blank=True).file()) == {"a1": "A", "a2": "A"}

    def test_without_cover_sheet_or_hint_a_page_is_unassigned(self):
        assert places(Stack().add("p1").cover("A").add("a1").file()) == {"p1": None, "a1": "A"}

    def test_an_empty_stack(self):
        assert Stack().file() == Filing((), ())


class TestHints:
    @pytest.mark.parametrize("by", ["name", "manifest", "hand"])
    def test_without_cover_sheet_the_hint_decides(self, by):
        assert places(Stack("A", by).add("p1", "p2").file()) == {"p1": "A", "p2": "A"}

    @pytest.mark.parametrize("by", ["name", "manifest"])
    def test_a_cover_sheet_is_followed_against_it_with_a_doubt(self, by):
        filing = Stack("A", by).add("p1").cover("B").add("p2").file()
        assert places(filing) == {"p1": "A", "p2": "B"}
        assert doubts(filing) == [("contradiction", "cover-B-1", "B")]

    def test_one_that_agrees_is_no_doubt(self):
        assert doubts(Stack("A").cover("A").add("p1").file()) == []

    def test_what_a_person_assigned_by_hand_is_no_new_doubt_but_ends_none_either(self):
        """The pages before the cover sheet were assigned; whether the sheet was right nobody has said."""
        filing = Stack("A", "hand").add("p1").cover("B").add("p2").file()
        assert places(filing) == {"p1": "A", "p2": "B"}
        assert filing.doubts == (Doubt("contradiction", "cover-B-1", "B", is_new=False),)


class TestThreadLost:
    @pytest.mark.parametrize("loss", ["unreadable", "gap"])
    def test_what_follows_is_not_filed_by_the_last_cover_sheet(self, loss):
        filing = getattr(Stack().cover("A").add("a1"), loss)().add("p1", "p2").cover("B").add("b1").file()
        assert places(filing) == {"a1": "A", "p1": None, "p2": None, "b1": "B"}
        assert doubts(filing) == [("thread_lost", loss, "A")]

    def test_the_unreadable_page_shows_in_the_volume_where_it_lies(self):
        filing = Stack().cover("A").unreadable("u1").file()
        assert places(filing) == {"u1": "A"}

    @pytest.mark.parametrize("loss", ["unreadable", "gap"])
    def test_where_nothing_follows_nothing_is_lost(self, loss):
        filing = getattr(Stack().cover("A").add("a1"), loss)().add("p1", blank=True).cover("B").add("b1")
        assert doubts(filing.file()) == []

    @pytest.mark.parametrize("by", ["name", "manifest"])
    def test_the_hint_holds_on_if_no_cover_sheet_refutes_it(self, by):
        filing = Stack("A", by).cover("A").add("a1").unreadable().add("a2").file()
        assert places(filing) == {"a1": "A", "a2": "A"}
        assert doubts(filing) == [("thread_lost", "unreadable", "A")]

    @pytest.mark.parametrize("by", ["name", "manifest"])
    @pytest.mark.parametrize("first", ["A", "B"])
    def test_but_not_in_a_file_that_holds_papers_of_several_persons(self, by, first):
        """Named like the first of them: what follows the gap is anybody's."""
        second = {"A": "B", "B": "A"}[first]
        stack = Stack("A", by).cover(first).add("p1").unreadable().add("p2").cover(second).add("p3")
        assert places(stack.file()) == {"p1": first, "p2": None, "p3": second}

    def test_a_file_without_any_cover_sheet_is_one_persons_throughout(self):
        filing = Stack("A").add("p1").unreadable().add("p2").file()
        assert places(filing) == {"p1": "A", "p2": "A"}
        assert doubts(filing) == []

    def test_a_persons_hand_fills_what_was_lost_and_ends_the_doubt(self):
        filing = Stack("C", "hand").cover("A").add("a1").unreadable().add("p1").file()
        assert places(filing) == {"a1": "A", "p1": "C"}
        assert [doubt for doubt in filing.doubts if doubt.is_new] == []

    def test_what_a_manifest_names_by_itself_is_not_concerned(self):
        filing = Stack("A", "manifest", images=True).cover("A").add("a1").gap().add("b1", hint="B").file()
        assert places(filing) == {"a1": "A", "b1": "B"}
        assert doubts(filing) == []


class TestSheetsNobodyCanFollow:
    def test_an_unknown_cover_sheet_ends_the_last_one(self):
        filing = Stack().cover("A").add("a1").cover("?").add("p1").file()
        assert places(filing) == {"a1": "A", "p1": None}
        assert doubts(filing) == [("unknown_sheet", "cover-?-2", None)]

    def test_a_damaged_one_too_and_holds_up_the_last_volume_which_may_miss_pages(self):
        filing = Stack().cover("A").add("a1").bad().add("p1").file()
        assert places(filing) == {"a1": "A", "p1": None}
        assert doubts(filing) == [("bad_sheet", "bad", "A")]

    @pytest.mark.parametrize("sheet", ["unknown", "bad"])
    def test_after_it_the_name_of_the_file_is_believed_no_longer(self, sheet):
        """It says that somebody else's papers begin here: they must not go where the file's name points."""
        stack = Stack("A", "manifest").add("p1")
        stack = stack.bad() if sheet == "bad" else stack.cover("?")
        assert places(stack.add("p2").cover("B").add("b1").file()) == {"p1": "A", "p2": None, "b1": "B"}

    @pytest.mark.parametrize("sheet", ["unknown", "bad"])
    def test_a_persons_hand_is_and_ends_the_doubt(self, sheet):
        stack = Stack("C", "hand")
        filing = (stack.bad() if sheet == "bad" else stack.cover("?")).add("p1").file()
        assert places(filing) == {"p1": "C"}
        assert doubts(filing) == []


class TestImagesOfOneFolder:
    def test_a_manifest_that_names_another_volume_ends_the_cover_sheets_reach(self):
        """The next volume's cover sheet was forgotten, or it has none."""
        stack = Stack("A", "manifest", images=True).cover("A").add("a1").add("b1", hint="B")
        filing = stack.add("p1", hint=None).file()
        assert places(filing) == {"a1": "A", "b1": "B", "p1": None}
        assert doubts(filing) == []

    def test_a_manifest_overruled_by_a_cover_sheet_stays_overruled(self):
        filing = Stack("A", "manifest", images=True).cover("B").add("b1", "b2").file()
        assert places(filing) == {"b1": "B", "b2": "B"}
        assert doubts(filing) == [("contradiction", "cover-B-0", "B")]

    def test_a_manifest_that_is_silent_about_a_page_does_not_end_it(self):
        filing = Stack("A", "manifest", images=True).cover("A").add("a1", hint=None).add("a2").file()
        assert places(filing) == {"a1": "A", "a2": "A"}

    def test_where_a_mere_name_contradicts_it_nobody_knows(self):
        stack = Stack(images=True).cover("A").add("a1").add("p1", "p2", hint="B").add("p3")
        filing = stack.cover("C").add("c1").file()
        assert places(filing) == {"a1": "A", "p1": None, "p2": None, "p3": None, "c1": "C"}
        assert doubts(filing) == [("name_differs", "p1", "A")]

    def test_a_persons_hand_moves_one_image_and_only_that(self):
        filing = Stack(images=True).cover("A").add("a1").add("b1", hint="B", hint_by="hand").add("a2").file()
        assert places(filing) == {"a1": "A", "b1": "B", "a2": "A"}
        assert doubts(filing) == []


class TestTypes:
    def types(self, filing: Filing) -> list[tuple[str, bool]]:
        return [(one.type, one.opens_section) for one in filing.filed if len(one.page_id) <= 2]

    def test_a_separator_sheets_type_holds_up_to_the_next_sheet(self):
        stack = Stack().cover("A").separator("payslip").add("p1", type="visa_application").add("p2")
        stack.separator("toleration").add("p3").cover("B").add("p4", type="payslip").add("p5")
        assert self.types(stack.file()) == [
            ("payslip", True), ("payslip", False), ("toleration", True), ("payslip", True), ("unknown", False)
        ]  # fmt: skip

    def test_without_one_a_page_has_its_own_and_a_new_type_opens_a_section(self):
        stack = Stack("A").add("p1").add("p2", type="payslip").add("p3").add("p4", type="payslip")
        stack.add("p5", type="toleration")
        assert self.types(stack.file()) == [
            ("unknown", True), ("payslip", True), ("unknown", False), ("payslip", False), ("toleration", True)
        ]  # fmt: skip

    def test_two_separator_sheets_of_one_type_are_two_sections(self):
        stack = Stack("A").separator("payslip").add("p1").separator("payslip").add("p2")
        assert self.types(stack.file()) == [("payslip", True), ("payslip", True)]

    def test_blank_pages_and_sheets_neither_open_a_section_nor_have_a_type(self):
        filing = Stack().cover("A").separator("payslip").add("p1", blank=True).add("p2").file()
        assert [(one.type, one.opens_section) for one in filing.filed] == [
            ("unknown", False), ("unknown", False), ("unknown", False), ("payslip", True)
        ]  # fmt: skip

    @pytest.mark.parametrize("loss", ["unreadable", "gap", "bad"])
    def test_after_something_unreadable_it_holds_no_longer(self, loss):
        stack = getattr(Stack("A").separator("payslip").add("p1"), loss)().add("p2", type="toleration")
        assert self.types(stack.file()) == [("payslip", True), ("toleration", True)]

    def test_it_does_not_reach_into_another_volume(self):
        stack = Stack("A", "manifest", images=True).separator("payslip").add("p1").add("p2", hint="B")
        assert self.types(stack.file()) == [("payslip", True), ("unknown", True)]


# --- whatever comes --------------------------------------------------------------------------------

VOLUMES = st.sampled_from(["A", "B", "C"])
CODES = st.one_of(
    st.none(),
    st.none(),
    st.sampled_from(["A", "B", "C", "?"]).map(lambda name: CoverCode(f"sheet-{name}")),
    st.sampled_from(["payslip", "toleration"]).map(SeparatorCode),
    st.just(BadSheetCode("AKTEN9:x")),
)


@st.composite
def stacks(draw) -> list[Sheet | Gap]:
    """A PDF, or a folder of images each with a hint of its own."""
    images = draw(st.booleans())
    hints = st.tuples(st.none() | VOLUMES, st.sampled_from(["manifest", "name", "hand"]))
    common = draw(hints)
    items: list[Sheet | Gap] = []
    for number in range(draw(st.integers(0, 14))):
        if images and draw(st.integers(0, 9)) == 0:
            items.append(Gap(f"gap{number}"))
            continue
        hint, by = draw(hints) if images and draw(st.booleans()) else common
        items.append(
            Sheet(
                page_id=f"page{number}",
                source_id=f"source{number}" if images else "source",
                code=(code := draw(CODES)),
                type=draw(st.sampled_from(["unknown", "payslip", "toleration"])),
                blank=code is None and draw(st.integers(0, 5)) == 0,
                readable=draw(st.integers(0, 7)) > 0,
                hint=hint,
                hint_by=by if hint else None,
            )
        )
    return items


def last_cover(items: list[Sheet | Gap]) -> str | None:
    """The volume of the last cover sheet that can be read and is known, wherever it lies."""
    for item in reversed(items):
        if isinstance(item, Sheet) and item.readable and isinstance(item.code, CoverCode):
            volume = KNOWN.get(item.code.sheet_id)
            if volume is not None:
                return volume
    return None


def breaks(item: Sheet | Gap) -> bool:
    """Whether after this nobody knows whose papers follow."""
    if isinstance(item, Gap) or not item.readable or isinstance(item.code, BadSheetCode):
        return True
    return isinstance(item.code, CoverCode) and item.code.sheet_id not in KNOWN


def since_last_break(items: list[Sheet | Gap]) -> list[Sheet | Gap]:
    start = next((place for place in range(len(items), 0, -1) if breaks(items[place - 1])), 0)
    return items[start:]


def refuting(sheet: Sheet, hint: str) -> bool:
    """Whether a sheet says that its file is not, or not only, about the volume its hint names."""
    if not sheet.readable or sheet.hint != hint or sheet.hint_by == "hand":
        return False
    if isinstance(sheet.code, CoverCode):
        return KNOWN.get(sheet.code.sheet_id) != hint
    return isinstance(sheet.code, BadSheetCode)


class TestWhateverComes:
    @given(stacks())
    def test_every_page_is_placed_exactly_once_and_in_order(self, items):
        filing = file_stack(items, KNOWN.get)
        assert [one.page_id for one in filing.filed] == [
            item.page_id for item in items if isinstance(item, Sheet)
        ]

    @given(stacks())
    def test_a_page_lands_only_where_its_hint_or_the_last_readable_cover_sheet_points(self, items):
        filed = {one.page_id: one.volume_id for one in file_stack(items, KNOWN.get).filed}
        for place, item in enumerate(items):
            if isinstance(item, Sheet):
                assert filed[item.page_id] in (None, item.hint, last_cover(items[: place + 1]))

    @given(stacks())
    def test_no_cover_sheet_holds_beyond_a_page_or_file_nobody_could_read(self, items):
        filed = {one.page_id: one.volume_id for one in file_stack(items, KNOWN.get).filed}
        for place, item in enumerate(items):
            if isinstance(item, Sheet):
                before = since_last_break(items[:place])
                reach = [*before, item] if item.readable else before
                assert filed[item.page_id] in (None, item.hint, last_cover(reach))

    @given(stacks())
    def test_a_refuted_hint_is_never_believed_after_a_break(self, items):
        filed = {one.page_id: one.volume_id for one in file_stack(items, KNOWN.get).filed}
        sheets = [item for item in items if isinstance(item, Sheet)]
        for place, item in enumerate(items):
            if not isinstance(item, Sheet) or item.hint is None or item.hint_by == "hand":
                continue
            broken = any(breaks(one) for one in items[:place])
            refuted = any(refuting(sheet, item.hint) for sheet in sheets)
            reach = since_last_break(items[:place]) + ([item] if item.readable else [])
            if broken and refuted and last_cover(reach) != item.hint:
                assert filed[item.page_id] != item.hint

    @given(stacks())
    def test_a_page_that_lost_its_cover_sheet_is_never_lost_in_silence(self, items):
        """Either a doubt is raised since the sheet, or a person has decided."""
        filing = file_stack(items, KNOWN.get)
        filed = {one.page_id: one for one in filing.filed}
        subjects = {doubt.subject for doubt in filing.doubts}
        for place, item in enumerate(items):
            if not isinstance(item, Sheet) or item.blank or item.code or not item.readable:
                continue
            if filed[item.page_id].volume_id is None and last_cover(items[:place]):
                names = {one.page_id if isinstance(one, Sheet) else one.subject for one in items[: place + 1]}
                handled = any(isinstance(one, Sheet) and one.hint_by for one in items[: place + 1])
                assert names & subjects or handled

    @given(stacks())
    def test_a_section_never_spans_two_volumes(self, items):
        content = {item.page_id for item in items if isinstance(item, Sheet)
                   and item.readable and item.code is None and not item.blank}  # fmt: skip
        filed = [one for one in file_stack(items, KNOWN.get).filed if one.page_id in content]
        assert all(one.opens_section for one in filed[:1])
        assert all(
            after.opens_section for before, after in pairwise(filed) if before.volume_id != after.volume_id
        )

    @given(stacks())
    def test_doubts_are_about_the_stack_and_volumes_it_knows(self, items):
        names = {item.page_id if isinstance(item, Sheet) else item.subject for item in items}
        for doubt in file_stack(items, KNOWN.get).doubts:
            assert doubt.subject in names
            assert doubt.volume_id in (None, "A", "B", "C")

    @given(stacks())
    def test_the_same_stack_is_filed_the_same_way_again(self, items):
        assert file_stack(items, KNOWN.get) == file_stack(items, KNOWN.get)
