"""Trials that take minutes: what the tests show in small, on more pages and with figures for the docs."""
