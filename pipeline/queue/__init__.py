"""The queue: its server, its workers, and who sees to it that nothing is forgotten."""
