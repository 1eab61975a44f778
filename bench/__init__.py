"""Trials and measurements that take minutes: on more pages, or on files that are not in the repository."""
