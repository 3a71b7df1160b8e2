"""Expressions by area, for the unit tests of `underway.cel` and for tests/parity.

TRUE ones hold, FAILS have an error for a value, REFUSED ones do not compile.

The API server judges the same tuples in tests/parity: an expectation that is wrong here shows there.
"""
