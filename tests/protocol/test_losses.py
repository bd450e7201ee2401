"""Whatever is lost or doubled: in the end every row was received in one complete reading; the percentage only rose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.model import MISHAPS, Play, QuickBooks

NAMES = ("Account", "Customer", "Vendor", "Invoice")
BOOKS = st.tuples(*[st.integers(0, 10)] * len(NAMES))
COURSES = st.lists(st.sampled_from([""] * 8 + [*MISHAPS]), max_size=40)


def books(sizes: tuple[int, ...]) -> dict[str, list[int]]:
    return {name: list(range(size)) for name, size in zip(NAMES, sizes, strict=True)}


@given(BOOKS, COURSES, st.booleans())
def test_no_row_is_lost_whatever_happens_on_the_way(
    sizes: tuple[int, ...], course: list[str], pages_silently: bool
) -> None:
    Play(QuickBooks(books(sizes), pages_silently), course).to_the_end()


@pytest.mark.parametrize("mishap", MISHAPS)
def test_no_row_is_lost_wherever_one_mishap_falls(mishap: str) -> None:
    for calm in range(14):
        Play(QuickBooks(books((2, 7, 4, 7))), [""] * calm + [mishap]).to_the_end()


@pytest.mark.parametrize("mishap", MISHAPS)
def test_no_row_is_lost_when_a_mishap_keeps_coming(mishap: str) -> None:
    Play(QuickBooks(books((2, 7, 4, 7))), [mishap, "", "", ""] * 4).to_the_end()
