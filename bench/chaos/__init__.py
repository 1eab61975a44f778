"""Chaos: Aktenwerk is broken on purpose while it works, and a referee looks whether a page is lost.

specimens   tiny pages, corrupt files among them, and what has to become of each
scene       a data folder, its servers, its processes, and who starts them again, as systemd would
faults      what is done to them, drawn from a seed
ledger      what the ledger says, read from outside
referee     what must never be the case, at any moment and at the end
trial       one run under faults, from the first delivery to the verdict
report      timeline, table, figures for docs/reliability.md
"""
