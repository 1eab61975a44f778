"""What the authority decides about its products."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.product.keeping import Profile

FILE_NUMBER = "{file_number}"


@dataclass(frozen=True, slots=True)
class ProductOptions:
    """How images are kept, by ``profile``; the ``title`` of a PDF, in which ``{file_number}`` stands for the
    case file's; and what transfer notes say: the person ``responsible``, the version of the scan
    ``procedure`` and the ``statement`` it makes.
    """

    profile: Profile = Profile.COMPACT
    title: str = "Digitalisierte Akte"
    responsible: str = ""
    procedure: str = ""
    statement: str = ""

    def title_of(self, file_number: str) -> str:
        """The title of a document; of one without a case file, what is left without the number."""
        return " ".join(self.title.replace(FILE_NUMBER, file_number).split()) or "-"
