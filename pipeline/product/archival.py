"""What makes a PDF an archival one (PDF/A, ISO 19005): colours that mean something, and what it says."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, String

PROFILE_FILE = Path(__file__).with_name("srgb.icc")


@dataclass(frozen=True, slots=True)
class Standard:
    """A part of PDF/A and its level, and the version of PDF it is written in."""

    part: int
    level: str
    version: str

    @property
    def knows_object_streams(self) -> bool:
        """Whether objects may be packed; before PDF 1.5 there was no such thing."""
        return self.part > 1


#: What products are.
PDF_A_2B = Standard(2, "B", "1.7")
#: The same structure as older readers and validators know it.
PDF_A_1B = Standard(1, "B", "1.4")


def give_colours_meaning(pdf: Pdf) -> None:
    """Say that red, green and blue, and grey, are those of sRGB (ISO 19005-2, 6.2.4.2)."""
    profile = pdf.make_stream(
        zlib.compress(PROFILE_FILE.read_bytes(), 9),
        Filter=Name.FlateDecode,
        N=3,
        Alternate=Name.DeviceRGB,
    )
    intent = Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFA1,
        OutputConditionIdentifier=String("sRGB"),
        Info=String("sRGB IEC 61966-2-1"),
        DestOutputProfile=profile,
    )
    pdf.Root.OutputIntents = Array([intent])


def describe(pdf: Pdf, xmp: bytes, language: str, sections: list[tuple[str, int]]) -> None:
    """Language, metadata, outline and page labels; nothing about persons or times but what ``xmp`` says."""
    pdf.Root.Lang = String(language)
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.D)]))
    pdf.Root.Metadata = pdf.make_stream(xmp, Type=Name.Metadata, Subtype=Name.XML)
    if sections:
        with pdf.open_outline() as outline:
            outline.root.extend(pikepdf.OutlineItem(heading, index) for heading, index in sections)
        pdf.Root.PageMode = Name.UseOutlines


def save(pdf: Pdf, path: Path, standard: Standard = PDF_A_2B) -> None:
    """Write ``pdf`` reproducibly; streams taken over keep their bytes."""
    mode = pikepdf.ObjectStreamMode
    with path.open("wb") as file:
        pdf.save(
            file,
            min_version=standard.version,
            force_version=standard.version,
            deterministic_id=True,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=mode.generate if standard.knows_object_streams else mode.disable,
            fix_metadata_version=False,
        )
