"""The items of the practice business: slabs and tile in stock, shop work, delivery, and one of every other kind."""

from collections.abc import Iterator

from sync.practice import stock
from sync.practice.markup import Fields
from sync.practice.mint import DAY, Mint, money
from sync.practice.seed_lists import Lists

Made = tuple[str, str, Fields]  # entity, full name, fields


def seed_items(mint: Mint, lists: Lists, count: int) -> None:
    """That many items, the first of every kind, then more stone."""
    for made, (entity, full, fields) in enumerate(_items(mint, lists)):
        if made == count:
            break
        parent, _, name = full.rpartition(":")
        created = mint.start - mint.chance.below(300 * DAY)
        own: Fields = {"Name": name, "FullName": full, "IsActive": "false" if mint.chance.happens(0.04) else "true"}
        own |= {"ParentRef": lists.ref("Item", parent)} if parent else {}
        own |= {"Sublevel": "1" if parent else "0"}
        entry = mint.entry(entity, own | fields, created, mint.later(created, 0.5))
        mint.put(entry)
        lists.named("Item", entry.id, full)
        _remember(mint, lists, entity, full, fields)


def _remember(mint: Mint, lists: Lists, entity: str, full: str, fields: Fields) -> None:
    """What sells and what is bought, with its price."""
    item = lists.ref("Item", full)
    sale = fields.get("SalesOrPurchase") or fields
    price = sale.get("SalesPrice") or sale.get("Price")
    if price and entity != "ItemDiscount":
        code = fields.get("SalesTaxCodeRef", {}).get("FullName", "Non")
        lists.prices.append((item, sale.get("SalesDesc") or sale.get("Desc", ""), int(price.replace(".", "")), code))
    if "PurchaseCost" in fields and "SalesPrice" in fields:
        lists.costs.append((item, fields["PurchaseDesc"], int(fields["PurchaseCost"].replace(".", ""))))
    if entity == "ItemService":
        lists.services.append(item)
    if mint.chance.happens(0.1):
        lists.custom_values.append((item["ListID"], "Bundle", str(1000 + mint.chance.below(8999))))


def _items(mint: Mint, lists: Lists) -> Iterator[Made]:
    yield _stone(mint, lists, "SLAB", "Slabs")
    yield _stone(mint, lists, "TILE", "Tile")
    yield _service(mint, lists, "FAB", "Fabrication")
    yield "ItemOtherCharge", "DELIVERY", _sold(lists, "Delivery and crane", 24_000, "Delivery Income", "Non")
    yield "ItemService", "TEMPLATE", _sold(lists, "Template and site measure", 18_500, "Fabrication", "Non")
    yield from _singles(lists)
    for name in stock.SERVICES:
        yield _service(mint, lists, f"FAB:{name}", name)
    yield "ItemNonInventory", "Sealer, quart", _sold(lists, "Impregnating sealer", 3_450, "Tile Sales", "Tax")
    yield _assembly(mint, lists)
    yield from _stones(mint, lists)


def _stones(mint: Mint, lists: Lists) -> Iterator[Made]:
    """Slabs and tile of every stone and size, then of every finish, then by lot number without end."""
    for stone in stock.STONES:
        yield _stone(mint, lists, f"SLAB:{stone} {stock.SLAB_SIZES[0]}", f"{stone}, polished")
        yield _stone(mint, lists, f"SLAB:{stone} {stock.SLAB_SIZES[1]}", f"{stone}, polished")
        yield _stone(mint, lists, f"TILE:{stone} {stock.TILE_SIZES[0]}", f"{stone} tile")
    for size in stock.TILE_SIZES[1:]:
        for stone in stock.STONES:
            for finish in stock.FINISHES:
                yield _stone(mint, lists, f"TILE:{stone[:14]} {size} {finish}"[:36], f"{stone} tile, {finish}")
    lot = 7000
    while True:
        lot += 1
        stone = mint.chance.one(stock.STONES)
        yield _stone(mint, lists, f"SLAB:{stone[:16]} lot {lot}", f"{stone}, bundle {lot}")


def _stone(mint: Mint, lists: Lists, full: str, text: str) -> Made:
    price = 1_200 + mint.chance.below(9_000)
    kind = "Tile" if full.startswith("TILE") else "Slab"
    return "ItemInventory", full, {
        "ManufacturerPartNumber": f"{kind[0]}-{mint.chance.below(90_000) + 10_000}",
        "SalesTaxCodeRef": lists.ref("SalesTaxCode", "Tax"),
        "SalesDesc": text,
        "SalesPrice": money(price),
        "IncomeAccountRef": lists.account(f"{kind} Sales"),
        "PurchaseDesc": f"{text}, per sq ft",
        "PurchaseCost": money(price * 55 // 100),
        "COGSAccountRef": lists.account("Stone"),
        "AssetAccountRef": lists.account("Slabs" if kind == "Slab" else "Inventory Asset:Tile"),
        "ReorderPoint": str(2 + mint.chance.below(10)),
        "QuantityOnHand": str(mint.chance.below(400)),
        "AverageCost": money(price * 54 // 100),
        "QuantityOnOrder": str(mint.chance.below(60)),
        "QuantityOnSalesOrder": str(mint.chance.below(20)),
    }  # fmt: skip


def _service(mint: Mint, lists: Lists, full: str, text: str) -> Made:
    return "ItemService", full, _sold(lists, f"{text}, shop", 900 + mint.chance.below(15_000), "Fabrication", "Tax")


def _sold(lists: Lists, text: str, cents: int, account: str, code: str) -> Fields:
    return {
        "SalesTaxCodeRef": lists.ref("SalesTaxCode", code),
        "SalesOrPurchase": {"Desc": text, "Price": money(cents), "AccountRef": lists.account(account)},
    }


def _assembly(mint: Mint, lists: Lists) -> Made:
    _, _, fields = _stone(mint, lists, "TILE:kit", "Vanity top kit, 36 in")
    fields.pop("ManufacturerPartNumber")
    fields["BuildPoint"] = fields.pop("ReorderPoint")
    slab = {"ItemInventoryRef": lists.ref("Item", "SLAB"), "Quantity": "1"}
    return "ItemInventoryAssembly", "Vanity kit 36", fields | {"ItemInventoryAssemblyLine": [slab]}


def _singles(lists: Lists) -> Iterator[Made]:
    """One of each of the kinds a yard has one of."""
    discount = {
        "ItemDesc": "Trade discount",
        "SalesTaxCodeRef": lists.ref("SalesTaxCode", "Tax"),
        "DiscountRatePercent": "10.00",
    }
    yield "ItemDiscount", "Trade discount", discount | {"AccountRef": lists.account("Discounts Given")}
    yield "ItemSubtotal", "Subtotal", {"ItemDesc": "Subtotal"}
    payment = {"ItemDesc": "Payment at the counter", "DepositToAccountRef": lists.account("Undeposited Funds")}
    yield "ItemPayment", "Paid at counter", payment | {"PaymentMethodRef": lists.ref("PaymentMethod", "Cash")}
    yield "ItemFixedAsset", "Bridge saw", {
        "AcquiredAs": "New", "PurchaseDesc": "Bridge saw, 5 axis", "PurchaseDate": "2019-05-14",
        "PurchaseCost": "186000.00",
        "VendorOrPayeeName": "Müller Maschinenbau GmbH", "AssetAccountRef": lists.account("Machinery"),
        "AssetDesc": "Saw",
        "Location": "Shop 1", "SerialNumber": "MM-5-2019-114",
    }  # fmt: skip
    lines = [{"ItemRef": lists.ref("Item", name), "Quantity": "1"} for name in ("TEMPLATE", "DELIVERY")]
    yield (
        "ItemGroup",
        "Site package",
        {"ItemDesc": "Measure, deliver, set", "IsPrintItemsInGroup": "true", "ItemGroupLine": lines},
    )
