"""Windows paths on a page: long, without a blank, and read from their end."""

from markupsafe import Markup, escape


def breakable(text: object) -> Markup:
    """Return a text in which a line may break behind each backslash of a Windows path; markup stays as it is."""
    if isinstance(text, Markup):
        return text
    return Markup("\\<wbr>").join(escape(part) for part in str(text).split("\\"))
