"""How fast an import is on this machine: `make bench`, or `python -m tests.benchmarks --help`. Nothing here is a test.

`answers` makes what QuickBooks would say, `load` plays the Web Connectors in a process of its own, `site` is the
product as it is installed, `machine` reads processor time and memory, `floor` is the same work without the product,
`scenes` are the measurements and `report` prints them.
"""
