"""The ledger: the truth about what exists, what state it is in and what is left to do.

``Ledger`` opens the database and hands out transactions; the modules beside this one are the verbs,
each taking a transaction first: ``inventory``, ``sources``, ``pages``, ``documents``, ``alarms`` write,
``counts`` and ``work`` read. An event and the state it changes are written in one transaction.
"""

from __future__ import annotations

from storage.ledger.core import Ledger, Transaction

__all__ = ["Ledger", "Transaction"]
