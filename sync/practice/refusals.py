"""How the practice QuickBooks says no: the whole document (QuickBooksError) or one request (Refused).

The texts are those of recorded answers where one is known (statusMessage), else plain words for the same code.
"""

_CLOSED = "on or before the closing date of the company"
NOT_FOUND = "  QuickBooks error message: Invalid argument.  The specified record does not exist in the list."


class QuickBooksError(Exception):
    """The whole document was refused: no response, an HRESULT and a sentence instead."""

    def __init__(self, hresult: str, message: str) -> None:
        super().__init__(f"{hresult}: {message}")
        self.hresult = hresult
        self.message = message


class Refused(Exception):
    """One request was refused; the others of its document may go on."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def unreadable(detail: str) -> QuickBooksError:
    """0x80040400: not XML, or not what the schema of this version allows. QuickBooks keeps the detail to its log."""
    error = QuickBooksError("0x80040400", "QuickBooks found an error when parsing the provided XML text stream.")
    error.add_note(detail)
    return error


def unknown_version(version: str) -> QuickBooksError:
    """0x80040423: no qbxml instruction that this QuickBooks knows."""
    error = QuickBooksError("0x80040423", "The version of qbXML that was requested is not supported or is unknown.")
    error.add_note(version)
    return error


def bad_id(value: str, field: str) -> Refused:
    return Refused(3000, f'The given object ID "{value}" in the field "{field}" is invalid.')


def bad_range(field: str) -> Refused:
    return Refused(3030, f'The "{field}" field has an invalid date range: the From date is after the To date.')


def too_long(field: str) -> Refused:
    return Refused(3070, f'The string in the field "{field}" is too long.')


def bad_name(name: str) -> Refused:
    return Refused(
        3090, f'There was an error when storing "{name}" in the "Name" field: a name cannot contain a colon.'
    )


def name_taken(name: str) -> Refused:
    return Refused(3100, f'The name "{name}" of the list element is already in use.')


def object_missing(object_id: str) -> Refused:
    return Refused(3120, f'Object "{object_id}" specified in the request cannot be found.{NOT_FOUND}')


def parent_missing(name: str, entity: str) -> Refused:
    return Refused(3130, f'There is an invalid reference to the parent "{name}" in the {entity} list.{NOT_FOUND}')


def reference_missing(kind: str, name: str, entity: str) -> Refused:
    sentence = f'There is an invalid reference to QuickBooks {kind} "{name}" in the {entity}.'
    return Refused(3140, sentence + NOT_FOUND)


def element_missing(name: str, entity: str) -> Refused:
    return Refused(3150, f'There is a missing element: "{name}" in the {entity}.')


def elements_conflict(first: str, second: str) -> Refused:
    return Refused(3152, f'The elements "{first}" and "{second}" exclude one another.')


def in_use(object_id: str) -> Refused:
    return Refused(
        3160,
        f'Cannot delete the object specified by the id = "{object_id}".  QuickBooks error message: '
        "This element is in use by a list element or a transaction and cannot be deleted.",
    )


def closed_for_deleting(entity: str) -> Refused:
    return Refused(
        3161,
        f"An attempt was made to delete a(n) {entity} with a date that is {_CLOSED}.",
    )


def closed_for_changing(entity: str) -> Refused:
    return Refused(
        3171,
        f"An attempt was made to modify a(n) {entity} with a date that is {_CLOSED}.",
    )


def locked(object_id: str, code: int) -> Refused:
    sentences = {
        3170: f'There was an error when modifying the object "{object_id}".  QuickBooks error message: '
        "This list has been modified by another user.",
        3175: f'There was an error when adding, modifying or deleting the object "{object_id}" '
        "because it is already in use.  QuickBooks error message: The specified record is locked.",
        3176: f'A related object of "{object_id}" is in use.',
    }
    return Refused(code, sentences.get(code, f'The object "{object_id}" is not available.'))


def out_of_balance(entity: str) -> Refused:
    return Refused(
        3180,
        f"There was an error when saving a {entity}.  QuickBooks error message: "
        "The transaction is not in balance.  Make sure the amounts on the detail lines add up.",
    )


def stale(edit_sequence: str) -> Refused:
    return Refused(3200, f'The provided edit sequence "{edit_sequence}" is out-of-date. ')


def bad_value(field: str, value: str, why: str = "") -> Refused:
    sentence = f'The "{field}" field has an invalid value "{value}".'
    return Refused(3210, f"{sentence}  QuickBooks error message: {why}" if why else sentence)


def not_enabled() -> Refused:
    return Refused(3250, "This feature is not enabled or not available in this version of QuickBooks.")


def not_supported(request: str) -> Refused:
    return Refused(1030, f"The request {request} is not supported by this product.")


def dead_iterator(iterator_id: str) -> Refused:
    return Refused(3391, f'The iteratorID "{iterator_id}" is not valid.')
