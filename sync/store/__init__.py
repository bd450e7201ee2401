"""Every query and transaction, one module a subject. Plain values in and out; nobody else writes a table."""
