"""A practice QuickBooks and a practice Web Connector: the demo and the tests sync with these."""
