"""What is kept: objects, ledger and index. Knows nothing of recognition."""
