"""qbXML: what it allows, building requests, reading answers. Pure: the standard library and lxml only."""
