"""Kinds that the company file does not offer: no page leads into a form that QuickBooks would refuse."""

from sync.store.base import execute, fetchval
from tests.web.pages.conftest import Enter

HOME = "/companies/1/records"
ESTIMATES_OFF = """
    update company set facts = jsonb_set(facts, '{preferences,JobsAndEstimatesPreferences,IsUsingEstimates}', $1)
"""
SITES_ON = """
    update company set facts = jsonb_set(facts,
        '{preferences,MultiLocationInventoryPreferences,IsMultiLocationInventoryEnabled}', '"true"')
"""
ESTIMATES = "Estimates are off in QuickBooks. Somebody can change that there, under Edit, Preferences"
TOLD = "QuickBooks does not offer billing rates in this company file. It says: “"


async def test_a_kind_that_is_off_says_why_instead_of_offering_a_form(enter: Enter) -> None:
    bob, vera = await enter("member"), await enter("viewer")
    estimate = await fetchval("select min(id) from record where entity = 'Estimate'")
    assert f'href="{HOME}/Estimate/new"' in (await bob.get(f"{HOME}/Estimate")).text
    await execute(ESTIMATES_OFF, '"false"')
    for visitor, told in ((bob, True), (vera, False)):
        shown = (await visitor.get(f"{HOME}/Estimate")).text
        assert (ESTIMATES in shown, "/Estimate/new" in shown, "/Estimate/import" in shown) == (told, False, False)
    page = (await bob.get(f"{HOME}/Estimate/{estimate}")).text
    assert ESTIMATES in page
    assert f"{estimate}/edit" not in page
    assert "new?copy=" not in page
    for path in ("new", f"{estimate}/edit", "import"):
        shown = await bob.get(f"{HOME}/Estimate/{path}")
        assert shown.status_code == 409, path
        assert ESTIMATES in shown.text
        assert f'href="{HOME}/Estimate"' in shown.text
        sent = await bob.submit(f"{HOME}/Estimate/{path}", _do="save", CustomerRef="Anybody")
        assert (sent.status_code, ESTIMATES in sent.text) == (409, True), path
    assert await fetchval("select count(*) from change") == 0
    await execute(ESTIMATES_OFF, '"true"')
    assert (await bob.get(f"{HOME}/Estimate/new")).status_code == 200


async def test_what_quickbooks_answered_counts_where_no_preference_tells(enter: Enter) -> None:
    bob = await enter("member")
    assert TOLD in (await bob.get(f"{HOME}/BillingRate")).text
    assert TOLD in (await bob.get(f"{HOME}/BillingRate/new")).text
    options = "/companies/1/pick/{}?of={}"
    assert "Add new billing rate" not in (await bob.get(options.format("BillingRateRef", "Employee"))).text
    assert "Add new class" in (await bob.get(options.format("ClassRef", "Invoice"))).text
    assert "Inventory sites are off" in (await bob.get(f"{HOME}/TransferInventory/new")).text
    await execute(SITES_ON)  # the sync after it will ask: what it said before no longer counts
    assert (await bob.get(f"{HOME}/TransferInventory/new")).status_code == 200
