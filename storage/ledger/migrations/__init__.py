"""The ledger's migrations, applied by ``storage.ledger.database``."""
