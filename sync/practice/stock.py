"""Words and fixed lists of the practice business, Halder Natural Stone: a stone yard and shop in Oakland."""

from collections.abc import Mapping, Sequence

# number, name, parent, type, description
ACCOUNTS: Sequence[tuple[str, str, str, str, str]] = (
    ("1000", "Checking", "", "Bank", "First Bay Bank, operating"),
    ("1010", "Savings", "", "Bank", "Reserve for taxes"),
    ("1050", "Petty Cash", "", "Bank", "Showroom drawer"),
    ("1100", "Accounts Receivable", "", "AccountsReceivable", "Unpaid invoices"),
    ("1200", "Undeposited Funds", "", "OtherCurrentAsset", "Received, not yet at the bank"),
    ("1300", "Inventory Asset", "", "OtherCurrentAsset", "Slabs, tile and sinks on hand"),
    ("1310", "Slabs", "Inventory Asset", "OtherCurrentAsset", ""),
    ("1320", "Tile", "Inventory Asset", "OtherCurrentAsset", ""),
    ("1400", "Prepaid Insurance", "", "OtherCurrentAsset", ""),
    ("1500", "Machinery", "", "FixedAsset", "Bridge saws, CNC, polishing"),
    ("1510", "Accumulated Depreciation", "Machinery", "FixedAsset", ""),
    ("1520", "Vehicles", "", "FixedAsset", "Trucks and the crane"),
    ("1900", "Security Deposit", "", "OtherAsset", "Yard lease"),
    ("2000", "Accounts Payable", "", "AccountsPayable", "Unpaid bills"),
    ("2100", "Visa, First Bay", "", "CreditCard", "Card of the yard"),
    ("2200", "Sales Tax Payable", "", "OtherCurrentLiability", ""),
    ("2300", "Customer Deposits", "", "OtherCurrentLiability", "Paid before fabrication"),
    ("2400", "Payroll Liabilities", "", "OtherCurrentLiability", ""),
    ("2700", "Equipment Loan", "", "LongTermLiability", "CNC, five years"),
    ("3000", "Opening Balance Equity", "", "Equity", ""),
    ("3100", "Common Stock", "", "Equity", ""),
    ("3900", "Retained Earnings", "", "Equity", ""),
    ("4000", "Sales", "", "Income", ""),
    ("4010", "Slab Sales", "Sales", "Income", ""),
    ("4020", "Tile Sales", "Sales", "Income", ""),
    ("4030", "Fabrication", "Sales", "Income", "Cutting, edges, cut-outs"),
    ("4040", "Installation", "Sales", "Income", ""),
    ("4050", "Delivery Income", "Sales", "Income", ""),
    ("4900", "Discounts Given", "", "Income", ""),
    ("5000", "Cost of Goods Sold", "", "CostOfGoodsSold", ""),
    ("5010", "Stone", "Cost of Goods Sold", "CostOfGoodsSold", ""),
    ("5020", "Freight & Duty", "Cost of Goods Sold", "CostOfGoodsSold", "Container, customs, drayage"),
    ("5030", "Subcontract Setters", "Cost of Goods Sold", "CostOfGoodsSold", ""),
    ("6000", "Advertising", "", "Expense", ""),
    ("6010", "Bank Charges", "", "Expense", ""),
    ("6020", "Blades & Abrasives", "", "Expense", "Diamond blades, pads, resin"),
    ("6030", "Fuel", "", "Expense", ""),
    ("6040", "Insurance", "", "Expense", ""),
    ("6050", "Meals & Entertainment", "", "Expense", ""),
    ("6060", "Office Supplies", "", "Expense", ""),
    ("6070", "Payroll Expenses", "", "Expense", ""),
    ("6080", "Rent", "", "Expense", "Yard and showroom"),
    ("6090", "Repairs", "", "Expense", ""),
    ("6100", "Telephone", "", "Expense", ""),
    ("6110", "Utilities", "", "Expense", ""),
    ("6120", "Water Treatment", "Utilities", "Expense", "Slurry and settling tanks"),
    ("7000", "Interest Income", "", "OtherIncome", ""),
    ("8000", "Interest Expense", "", "OtherExpense", ""),
    ("9000", "Estimates", "", "NonPosting", ""),
    ("9010", "Purchase Orders", "", "NonPosting", ""),
    ("9020", "Sales Orders", "", "NonPosting", ""),
)
TERMS = (("Due on receipt", 0, 0, ""), ("Net 10", 10, 0, ""), ("Net 15", 15, 0, ""), ("Net 30", 30, 0, ""),
         ("Net 60", 60, 0, ""), ("1% 10 Net 30", 30, 10, "1.00"), ("2% 10 Net 30", 30, 10, "2.00"))  # fmt: skip
DATE_TERMS = (("10th of next month", 10), ("25th of month", 25))
CLASSES = (
    ("Showroom", ""), ("Fabrication", ""), ("Installation", ""), ("Wholesale", ""), ("Memorials", ""),
    ("Residential", "Installation"), ("Commercial", "Installation"), ("Public works", "Installation"), ("Tile",
    "Wholesale"),
    ("Slabs", "Wholesale"), ("Repairs", "Fabrication"), ("Samples", "Showroom"), ("Overhead", ""), ("Trade fair", ""),
)  # fmt: skip
PAYMENT_METHODS = (
    ("Cash", "Cash"), ("Check", "Check"), ("Visa", "Visa"), ("MasterCard", "MasterCard"), ("Discover", "Discover"),
    ("American Express", "AmericanExpress"), ("E-Check", "ECheck"), ("Gift card", "GiftCard"),
)  # fmt: skip
TAXES = (
    ("Alameda County", "10.25"),
    ("Contra Costa", "8.75"),
    ("San Francisco", "8.63"),
    ("Napa", "7.75"),
    ("Out of State", "0.00"),
)
SALES_REPS = (
    ("MH", "Mara Halder"),
    ("PN", "Priya Nair"),
    ("TW", "Tomas Weir"),
    ("JB", "José Barragán"),
    ("AK", "Anna Kowalska"),
)
SIMPLE_LISTS: Mapping[str, Sequence[str]] = {
    "CustomerType": ("Builder", "Designer", "Homeowner", "Hospitality", "Memorials", "Public", "Trade"),
    "VendorType": ("Quarry", "Freight", "Tools", "Subcontractor", "Utilities", "Tax agency"),
    "JobType": ("Kitchen", "Bath", "Lobby", "Façade", "Memorial", "Paving"),
    "ShipMethod": ("Our truck", "Crane truck", "Freight", "Will call"),
    "CustomerMsg": (
        "Natural stone varies in colour and veining. Thank you for your order.",
        "Thank you for your business.",
        "Please remit to the address above.",
        "Slabs are held 14 days.",
    ),
}
TEMPLATES = (("Halder Invoice", "Invoice"), ("Halder Estimate", "Estimate"), ("Custom Purchase Order", "PurchaseOrder"),
             ("Custom Sales Order", "SalesOrder"), ("Custom Sales Receipt", "SalesReceipt"), ("Custom Credit Memo",
             "CreditMemo"))  # fmt: skip
WAGES = ("Hourly, shop", "Hourly, install", "Salary")
VEHICLES = ("Truck 1, Isuzu", "Truck 2, Hino", "Crane, Kenworth")
EMPLOYEES = (
    ("Mara", "Halder", "Owner"), ("Priya", "Nair", "Bookkeeper"), ("Tomas", "Weir", "Yard manager"),
    ("José", "Barragán", "Sales"), ("Anna", "Kowalska", "Sales"), ("Deshawn", "Ellis", "Sawyer"), ("Luz", "Peña",
    "Polisher"),
    ("Nils", "Åkesson", "CNC operator"), ("Kim", "Tran", "Templater"), ("Rui", "Gonçalves", "Setter"),
    ("Moses", "Adeyemi", "Driver"), ("Elena", "Petrova", "Office"), ("Sam", "O'Dell", "Setter"), ("Grace", "Liu",
    "Estimator"),
)  # fmt: skip
OTHER_NAMES = ("Petty cash payee", "County Recorder", "Stone Trade Fair", "Walk-in (refunds)", "Halder Family Trust")

# name, phone, terms, city, state: the ones people meet first
CUSTOMERS = (
    ("Bellwether Kitchens", "510 555 0199", "Net 15", "Emeryville", "CA"),
    ("Castellan Builders", "415 555 0134", "Net 30", "Oakland", "CA"),
    ("Delacroix Baths", "707 555 0120", "Net 30", "Napa", "CA"),
    ("Harbor & Pine Design", "415 555 0166", "Net 30", "Tiburon", "CA"),
    ("Kerr Landscaping", "510 555 0181", "Due on receipt", "Fremont", "CA"),
    ("Lindqvist Interiors", "510 555 0115", "Net 30", "Berkeley", "CA"),
    ("Monroe County Parks", "734 555 0148", "Net 60", "Monroe", "MI"),
    ("Summit Memorials", "775 555 0139", "Net 30", "Reno", "NV"),
    ('"The Slab" Marble Bar', "510 555 0143", "Net 10", "Oakland", "CA"),
    ("Café Zoë", "415 555 0171", "Net 15", "San Francisco", "CA"),
)
JOBS = (
    ("Castellan Builders", "Pier 9 lobby"),
    ("Castellan Builders", "Pier 9 stairs & landings"),
    ("Monroe County Parks", "Riverwalk"),
)
JOB_NAMES = (
    "Kitchen", "Main bath", "Guest bath", "Lobby", "Fireplace", "Patio", "Stairs", "Reception desk", "Bar top",
    "Elevator lobby",
    "Pool coping", "Powder room", "Façade", "Conference table", "Island", "Outdoor kitchen",
)  # fmt: skip
SURNAMES = (
    "Abara", "Åberg", "Alvarez", "Andersen", "Baptiste", "Becker", "Bianchi", "Brandt", "Brennan", "Cardoso", "Chen",
    "Cho", "Cohen",
    "Costa", "D'Angelo", "Dubois", "Eriksen", "Farrell", "Ferrari", "Fischer", "Forsyth", "García", "Gupta", "Haddad",
    "Hansen",
    "Ibarra", "Ishikawa", "Jensen", "Kaplan", "Keller", "Kim", "Kovács", "Larsen", "Lefèvre", "MacLeod", "Marchetti",
    "Martins",
    "Mendoza", "Moreau", "Müller", "Murphy", "Nakamura", "Nguyen", "Novák", "Núñez", "O'Brien", "Okafor", "Olsen",
    "Park", "Patel",
    "Quinn", "Ramos", "Rossi", "Ruiz", "Sandoval", "Schäfer", "Silva", "Sørensen", "Suzuki", "Tanaka", "Torres",
    "Ueda", "Vargas",
    "Walsh", "Weiss", "Yamada", "Young", "Zhang", "Zimmermann",
)  # fmt: skip
TRADES = (
    "Builders", "Construction", "Design", "& Sons", "Kitchens", "Interiors", "Homes", "Contracting", "Tile & Stone",
    "Architects",
    "Landscaping", "Remodeling", "Masonry", "Development", "Hospitality", "Properties", "Baths", "Cabinetry", "Studio",
    "Restoration",
    "Paving", "Pools", "Millwork", "Partners", "Countertops", "Fireplaces", "Memorials", "Surfaces", "Group",
    "& Daughters",
)  # fmt: skip
FIRST_NAMES = (
    "Aisha", "Andrés", "Beatriz", "Björn", "Carmen", "Chloé", "Daniel", "Eli", "Fatima", "Gus", "Hannah", "Ines",
    "Jack", "Jürgen",
    "Karen", "Leo", "Marta", "Noah", "Olivia", "Pedro", "Renée", "Rosa", "Sofía", "Theo", "Uma", "Victor", "Wendy",
    "Yusuf", "Zoë",
)  # fmt: skip
PLACES = (
    ("Oakland", "CA", "94607"), ("Berkeley", "CA", "94710"), ("Emeryville", "CA", "94608"), ("San Francisco", "CA",
    "94103"),
    ("Fremont", "CA", "94538"), ("Napa", "CA", "94559"), ("Tiburon", "CA", "94920"), ("San José", "CA", "95112"),
    ("Reno", "NV", "89502"), ("Eureka", "CA", "95501"), ("Concord", "CA", "94520"), ("Walnut Creek", "CA", "94596"),
)  # fmt: skip
STREETS = (
    "Alder St",
    "Kiln Lane",
    "Quarry Road",
    "Mandela Pkwy",
    "Telegraph Ave",
    "4th St",
    "San Pablo Ave",
    "Harbor Way",
    "Pine St",
)
VENDORS = (
    ("Carrara Marmi S.p.A.", "Quarry"), ("Granitos São Paulo Ltda.", "Quarry"), ("Rajasthan Stone Exports", "Quarry"),
    ("Vermont Slate Co.", "Quarry"), ("Pacific Drayage", "Freight"), ("Oakland Port Services", "Freight"),
    ("Diamond & Blade Supply", "Tools"),
    ("East Bay Water", "Utilities"), ("Bay Power", "Utilities"), ("State Board of Taxes", "Tax agency"),
    ("Vantage Hospitality Group", ""),
    ("Müller Maschinenbau GmbH", "Tools"), ("Setters Union Local 3", "Subcontractor"),
)  # fmt: skip
VENDOR_TRADES = (
    "Quarries",
    "Freight",
    "Abrasives",
    "Crane Rental",
    "Tool & Die",
    "Insurance",
    "Setting",
    "Printing",
    "Fuel",
    "Stone Import",
)
STONES = (
    "Carrara", "Absolute Black", "Calacatta Oro", "Blue Pearl", "Giallo Ornamental", "Verde Ubatuba", "Crema Marfil",
    "Taj Mahal",
    "Soapstone", "Bluestone", "Thassos", "Nero Marquina", "Travertine", "Jura Grey", "Kashmir White", "Rosso Levanto",
    "Statuario",
    "Botticino", "Uba Tuba", "Sea Pearl", "Fantasy Brown", "Steel Grey", "Azul Macaubas", "Pietra Grey", "Ivory Coast",
)  # fmt: skip
FINISHES = ("polished", "honed", "leathered", "flamed", "brushed", "antiqued")
SLAB_SIZES = ("2 cm", "3 cm")
TILE_SIZES = ("12x12", "12x24", "18x18", "24x24", "3x6", "mosaic")
SERVICES = (
    "Edge, eased",
    "Edge, bullnose",
    "Edge, ogee",
    "Edge, mitred",
    "Sink cut-out",
    "Cooktop cut-out",
    "Polish",
    "Seam",
    "Repair",
)
NOTES = (
    "Gate code at the desk. Call before the truck leaves.", "Prefers slabs from one bundle.",
    "Deliver before 10; no parking after.",
    "Owner's draw & fees go on a separate invoice.", 'Asks for the "old" price list.', "Resale certificate on file.",
    "Pays by ACH on Fridays.",
)  # fmt: skip
