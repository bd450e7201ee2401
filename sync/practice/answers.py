"""The answer to one request and the document that holds the answers of a set."""

from dataclasses import dataclass, field

from sync.practice import markup

NO_MATCH = "A query request did not find a matching object in QuickBooks"


@dataclass(slots=True)
class Answer:
    """A status, further attributes, and the rendered elements inside."""

    code: int = 0
    severity: str = "Info"
    message: str = "Status OK"
    attributes: dict[str, str] = field(default_factory=dict)
    body: str = ""

    def render(self, response: str, request_id: str | None) -> str:
        """The …Rs element; it echoes the requestID when there was one."""
        attributes = {} if request_id is None else {"requestID": request_id}
        attributes |= {
            "statusCode": str(self.code), "statusSeverity": self.severity, "statusMessage": self.message,
        }  # fmt: skip
        return markup.element(response, attributes | self.attributes, self.body)


def nothing_found() -> Answer:
    """Status 1: no child element at all."""
    return Answer(1, message=NO_MATCH)


def incomplete(missing: str) -> Answer:
    """Status 500: some of what was asked for by name does not exist; the rest may follow."""
    sentence = (
        "The query request has not been fully completed. "
        f'There was a required element ("{missing}") that could not be found in QuickBooks.'
    )
    return Answer(500, "Warn", sentence)


def document(responses: str, attributes: dict[str, str]) -> str:
    """A response document: no qbxml instruction, no namespaces, a new line for each element."""
    head = "".join(["QBXMLMsgsRs", *(f' {name}="{markup.escape(value)}"' for name, value in attributes.items())])
    return f'<?xml version="1.0" ?>\n<QBXML>\n<{head}>\n{responses}</QBXMLMsgsRs>\n</QBXML>\n'
