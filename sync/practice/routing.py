"""From a request to what answers it; every refusal becomes a status, and a set stops where onError says so."""

from sync.practice import identity, markup, refusals
from sync.practice.answers import Answer
from sync.practice.books import Books
from sync.practice.clock import Clock
from sync.practice.custom import Customs
from sync.practice.deletions import deleted
from sync.practice.documents import MessageSet, Request
from sync.practice.identity import COMPANY, Profile
from sync.practice.kinds import FEATURES, UNIONS
from sync.practice.ledger import Ledger
from sync.practice.markup import Fields
from sync.practice.queries import Reader
from sync.practice.refusals import Refused
from sync.qbxml.fields import is_message, operation

LONGEST_REQUEST_ID = 50
_SHOWS = ("Display", "Event", "Subscription", "Report", "Special", "Merge", "Cleared")
_WRITES = ("AddRq", "ModRq", "DelRq", "TxnVoidRq")


class Router:
    """Runs the requests of one QuickBooks session."""

    def __init__(self, books: Books, clock: Clock, profile: Profile, customs: Customs, ledger: Ledger) -> None:
        self.books = books
        self.clock = clock
        self.profile = profile
        self.customs = customs
        self.ledger = ledger
        self.reader = Reader(books, clock, books.next("sessions"))

    def run(self, asked: MessageSet) -> str:
        """The responses to a set, in its order. After an error under stopOnError the rest is answered 3231."""
        responses: list[str] = []
        stopped = False
        self.ledger.begin_set()
        for request in asked.requests:
            answer = _unprocessed() if stopped else self.answer(request)
            stopped = stopped or (answer.code >= 1000 and asked.on_error != "continueOnError")
            if not asked.with_data:
                answer.body = ""
            responses.append(answer.render(operation(request.name).response, request.attributes.get("requestID")))
        return "".join(responses)

    def respond(self, request: Request) -> str:
        """One request answered outside any document."""
        return self.answer(request).render(operation(request.name).response, request.attributes.get("requestID"))

    def answer(self, request: Request) -> Answer:
        """What QuickBooks says to a request; one that is refused leaves nothing behind."""
        self.books.db.execute("SAVEPOINT request")
        try:
            answer = self._answer(request)
        except Refused as refusal:
            self.books.db.execute("ROLLBACK TO request")
            answer = Answer(refusal.code, "Error", refusal.message)
        self.books.db.execute("RELEASE request")
        return answer

    def _answer(self, request: Request) -> Answer:
        if len(request.attributes.get("requestID", "")) > LONGEST_REQUEST_ID:
            raise Refused(1060, "The request ID is invalid: it is longer than 50 characters.")
        if identity.PRODUCTS.get(self.profile.country, "QBD") in operation(request.name).not_in:
            raise refusals.not_supported(request.name)
        if request.name in ("HostQueryRq", "CompanyQueryRq", "PreferencesQueryRq"):
            return self._identity(request)
        if request.name.startswith("DataExt"):
            return self.customs.run(request, self.ledger.links)
        if request.name in ("ListDeletedQueryRq", "TxnDeletedQueryRq"):
            return deleted(self.books, self.clock, request)
        if any(word in request.name for word in _SHOWS):
            raise refusals.not_supported(request.name)
        return self._books(request)

    def _books(self, request: Request) -> Answer:
        """Queries and writes of lists and transactions."""
        if request.name.endswith(_WRITES):
            self._enabled(self.ledger.entity_of(request))
            return self.ledger.run(request)
        entity = request.name.removesuffix("QueryRq")
        if entity not in UNIONS and not is_message(f"{entity}Ret"):
            raise refusals.not_supported(request.name)
        self._enabled(entity)
        return self.reader.answer(entity, request)

    def _enabled(self, entity: str) -> None:
        feature = FEATURES.get(entity)
        if feature and not getattr(self.profile.preferences, feature):
            raise refusals.not_enabled()

    def _identity(self, request: Request) -> Answer:
        name = request.name.removesuffix("QueryRq")
        if name == "Host":
            inside = identity.host(self.profile)
        elif name == "Company":
            owners = markup.many(request.fields, "OwnerID")
            inside = identity.company(
                self.profile, [row for owner in owners for row in self.customs.of(COMPANY, owner)]
            )
        else:
            inside = identity.preferences(self.profile.preferences, self._sales_tax())
        wanted = markup.many(request.fields, "IncludeRetElement")
        shown = {part: value for part, value in inside.items() if not wanted or part in wanted}
        return Answer(body=markup.render({f"{name}Ret": shown}))

    def _sales_tax(self) -> Fields:
        """SalesTaxPreferences, its references as far as the lists have them."""
        fields: Fields = {}
        defaults = (
            ("DefaultItemSalesTaxRef", "ItemSalesTax", self.books.setting("default_sales_tax") or ""),
            ("DefaultTaxableSalesTaxCodeRef", "SalesTaxCode", "Tax"),
            ("DefaultNonTaxableSalesTaxCodeRef", "SalesTaxCode", "Non"),
        )
        for element, entity, name in defaults:
            found = self.books.id_of((entity,), name)
            if found:
                fields[element] = {"ListID": found, "FullName": name}
            if entity == "ItemSalesTax":
                fields["PaySalesTax"] = "Quarterly"
        return fields | {
            "IsUsingVendorTaxCode": "false",
            "IsUsingCustomerTaxCode": "true",
            "IsUsingAmountsIncludeTax": "false",
        }


def _unprocessed() -> Answer:
    return Answer(3231, "Error", "The request has not been processed, because an earlier request of the set failed.")
