"""Rectangles told by their edges, which join and turn more easily than corner and size."""

from __future__ import annotations

from dataclasses import dataclass

from ocr.records import Box


@dataclass(frozen=True, slots=True)
class Edges:
    """A rectangle in pixels, from ``left`` to before ``right`` and from ``top`` to before ``bottom``."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        """How many rows it covers."""
        return self.bottom - self.top

    @property
    def box(self) -> Box:
        """The same as corner and size."""
        return Box(self.left, self.top, self.right - self.left, self.height)

    def around(self, other: Edges) -> Edges:
        """The smallest that holds both."""
        return Edges(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def grown(self, margin: int, width: int, height: int) -> Edges:
        """With ``margin`` on all sides, but within an image of this size."""
        return Edges(
            max(self.left - margin, 0),
            max(self.top - margin, 0),
            min(self.right + margin, width),
            min(self.bottom + margin, height),
        )

    def moved(self, right: int, down: int) -> Edges:
        """So many pixels further right and down."""
        return Edges(self.left + right, self.top + down, self.right + right, self.bottom + down)

    def turned(self, turns: int, width: int, height: int) -> Edges:
        """Where it lies once the image of this size has made so many quarter turns counter-clockwise."""
        edges = self
        for _ in range(turns):
            edges = Edges(edges.top, width - edges.right, edges.bottom, width - edges.left)
            width, height = height, width
        return edges
