"""What an hresult means for the session."""

import pytest

from sync.protocol import sentences


@pytest.mark.parametrize("code", ["0x80040400", "80040400", " 0X80040400 "])
def test_an_hresult_is_known_in_any_case_and_without_its_0x(code: str) -> None:
    assert sentences.concerns_request(code)
    assert sentences.hresult(code, "").partition(": ")[2] == sentences.hresult("0x80040400", "").partition(": ")[2]
