import pytest


@pytest.mark.parametrize("n", range(40))
async def test_x(enter, n):
    v = await enter("viewer")
    assert (await v.get("/companies/1/records/Customer")).status_code == 200
