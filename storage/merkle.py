"""Merkle trees as in RFC 6962, section 2.1: leaves and inner nodes are hashed apart by a first byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def leaf_hash(data: bytes) -> bytes:
    """The hash of one entry: SHA-256 over a zero byte and its bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes in their order; of none, the hash of nothing.

    Holds one hash a level: full subtrees wait for their right neighbour of the same height, as in a
    binary counter, and are joined from the right at the end. That is the RFC's split at the largest
    power of two.
    """
    waiting: list[tuple[int, bytes]] = []
    for leaf in leaves:
        height, node = 0, leaf
        while waiting and waiting[-1][0] == height:
            height, node = height + 1, _node(waiting.pop()[1], node)
        waiting.append((height, node))
    if not waiting:
        return hashlib.sha256().digest()
    node = waiting.pop()[1]
    while waiting:
        node = _node(waiting.pop()[1], node)
    return node


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
