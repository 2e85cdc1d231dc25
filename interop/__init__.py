"""A visitor goes to and fro between this package and real Djangos: `make interop`."""
