"""Image files as image XObjects: their own bytes where PDF can hold them, else a lossless re-encoding.

========================  ===================================================================
JPEG                      the file's bytes (DCTDecode)
JPEG in TIFF, one strip   that strip with its tables (DCTDecode)
bitonal                   CCITT Group 4
PNG without transparency  the file's compressed rows (FlateDecode, PNG predictor)
anything else             rows compressed the same way; transparency on white
========================  ===================================================================

JBIG2 is never written: its symbol coding may swap characters (TR-RESISCAN A.SC.12).
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import cast

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image, ImageChops
from PIL.TiffImagePlugin import TiffImageFile

from pipeline.product.profiles import is_sound
from pipeline.scans.image_pages import DECODER_ERRORS, to_pixels
from pipeline.scans.pdf_errors import PDF_ERRORS
from pipeline.scans.tiff import (
    COMPRESSION,
    JPEG_TABLES,
    ORIENTATION,
    PHOTOMETRIC,
    Tags,
    data_parts,
)

_SPACES = {"L": Name.DeviceGray, "RGB": Name.DeviceRGB, "CMYK": Name.DeviceCMYK}
_COMPONENTS = {"L": 1, "RGB": 3, "CMYK": 4}
_PROFILE_SPACES = {"L": b"GRAY", "RGB": b"RGB ", "CMYK": b"CMYK"}
_PNG_GREY, _PNG_RGB, _PNG_PALETTE = 0, 2, 3
_JPEG_IN_TIFF, _RGB_PHOTOMETRIC = 7, 2
_BLACK_AND_WHITE = ([0] * 3 + [255] * 3, [255] * 3 + [0] * 3)
_PNG_HEADER = struct.Struct(">IIBBBBB")


def jpeg_xobject(pdf: Pdf, data: bytes, image: Image.Image) -> Stream:
    """A JPEG file's bytes, untouched; ``image`` is the same file as Pillow sees it."""
    stream = image_stream(pdf, data, image.size, _colour_space(pdf, image), 8)
    stream.Filter = Name.DCTDecode
    if image.mode == "CMYK" and "adobe" in image.info:
        stream.Decode = Array([1, 0] * 4)  # Adobe's programs store CMYK inverted
    return stream


def jpeg_in_tiff(path: Path, tags: Tags) -> bytes | None:
    """The one JPEG a TIFF frame consists of (TIFF Technical Note 2), or ``None`` if it is not so simple."""
    parts = list(data_parts(tags))
    if tags.get(COMPRESSION) != (_JPEG_IN_TIFF,) or len(parts) != 1:
        return None
    with path.open("rb") as file:
        file.seek(parts[0][0])
        strip = file.read(parts[0][1])
    tables = bytes(tags.get(JPEG_TABLES, ()))
    if not strip.startswith(b"\xff\xd8") or (tables and not tables.endswith(b"\xff\xd9")):
        return None
    return tables[:-2] + strip[2:] if tables else strip


def jpeg_frame_xobject(pdf: Pdf, data: bytes, image: Image.Image, tags: Tags) -> Stream:
    """The JPEG of a TIFF frame; ``image`` is the frame as Pillow sees it."""
    width, height = image.size
    if tags.get(ORIENTATION, (1,))[0] >= 5:  # noqa: PLR2004 - those that Pillow has swapped
        width, height = height, width
    stream = image_stream(pdf, data, (width, height), _colour_space(pdf, image), 8)
    stream.Filter = Name.DCTDecode
    if tags.get(PHOTOMETRIC) == (_RGB_PHOTOMETRIC,):
        stream.DecodeParms = Dictionary(ColorTransform=0)
    return stream


def pixels_xobject(pdf: Pdf, image: Image.Image) -> Stream:
    """Decoded pixels, losslessly compressed, in their own depth and colour space."""
    bits = black_and_white(image)
    if bits is not None:
        return bitonal_xobject(pdf, bits)
    if image.mode == "CMYK":
        stream = image_stream(
            pdf, zlib.compress(image.tobytes(), 6), image.size, _colour_space(pdf, image), 8
        )
        stream.Filter = Name.FlateDecode
        return stream
    plain = image.mode in ("L", "RGB", "P", "I;16") and "transparency" not in image.info
    if not plain:
        image = Image.fromarray(to_pixels(image))
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=6)
    return cast(Stream, png_xobject(pdf, file.getvalue(), image))  # neither interlaced nor transparent


def png_xobject(pdf: Pdf, data: bytes, image: Image.Image) -> Stream | None:
    """A PNG file's compressed rows as they are; ``None`` for interlaced, transparent or bitonal files."""
    chunks = _chunks(data)
    width, height, depth, kind, _, _, interlaced = _PNG_HEADER.unpack(chunks[b"IHDR"])
    if interlaced or kind not in (_PNG_GREY, _PNG_RGB, _PNG_PALETTE) or b"tRNS" in chunks:
        return None
    if kind == _PNG_GREY and depth == 1:
        return None
    space: Name | Array = _colour_space(pdf, image) if kind != _PNG_GREY else Name.DeviceGray
    if kind == _PNG_PALETTE:
        palette = chunks[b"PLTE"]
        space = Array([Name.Indexed, Name.DeviceRGB, len(palette) // 3 - 1, pdf.make_stream(palette)])
    stream = image_stream(pdf, chunks[b"IDAT"], (width, height), space, depth)
    stream.Filter = Name.FlateDecode
    colours = 3 if kind == _PNG_RGB else 1
    stream.DecodeParms = Dictionary(Predictor=15, Colors=colours, BitsPerComponent=depth, Columns=width)
    return stream


def black_and_white(image: Image.Image) -> Image.Image | None:
    """The image in mode "1" if it holds nothing but black and white: one bit, or a palette of these two."""
    if image.mode == "1":
        return image
    if image.mode != "P" or "transparency" in image.info or image.getpalette() not in _BLACK_AND_WHITE:
        return None
    return image.convert("1", dither=Image.Dither.NONE)


def bitonal_xobject(pdf: Pdf, image: Image.Image) -> Stream:
    """A bitonal image as CCITT Group 4."""
    data, parms = group4(image)
    stream = image_stream(pdf, data, image.size, Name.DeviceGray, 1)
    stream.Filter = Name.CCITTFaxDecode
    stream.DecodeParms = parms
    return stream


def pack_bitonal(image: Stream) -> None:
    """Encode a plain black and white image of a PDF as CCITT Group 4, if that is smaller than it is."""
    said = {key: image.get(key) for key in ("/ColorSpace", "/BitsPerComponent", "/Filter")}
    plain = said["/ColorSpace"] == Name.DeviceGray and said["/BitsPerComponent"] == 1
    if not plain or image.keys() & {"/Decode", "/Mask", "/SMask"} or said["/Filter"] == Name.CCITTFaxDecode:
        return
    try:
        with pikepdf.PdfImage(image).as_pil_image() as pixels:
            data, parms = group4(pixels.convert("1"))
    except (*PDF_ERRORS, *DECODER_ERRORS):
        return  # what cannot be read here may be read by others
    if len(data) < len(image.get_raw_stream_buffer()):
        image.write(data, filter=Name.CCITTFaxDecode, decode_parms=parms)


def group4(image: Image.Image) -> tuple[bytes, Dictionary]:
    """Encode a mode "1" image with ITU-T T.6; decoded, 0 is black. Returns the code and its parameters."""
    file = io.BytesIO()
    ink = ImageChops.invert(image)  # libtiff codes ones as black runs
    ink.save(file, "TIFF", compression="group4", tiffinfo={278: image.height})  # RowsPerStrip: one strip
    file.seek(0)
    with TiffImageFile(file) as encoded:
        offset, count = encoded.tag_v2[273][0], encoded.tag_v2[279][0]
    return file.getvalue()[offset : offset + count], Dictionary(K=-1, Columns=image.width, Rows=image.height)


def image_stream(pdf: Pdf, data: bytes, size: tuple[int, int], space: Name | Array, depth: int) -> Stream:
    """An image XObject of ``size`` (width, height), ``depth`` bits a component; its filter is to be added."""
    return pdf.make_stream(
        data,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=size[0],
        Height=size[1],
        ColorSpace=space,
        BitsPerComponent=depth,
    )


def _colour_space(pdf: Pdf, image: Image.Image) -> Name | Array:
    """The image's own ICC profile if it is sound and fits its mode, else the device's."""
    profile = image.info.get("icc_profile")
    mode = image.mode
    if isinstance(profile, bytes) and mode in _COMPONENTS and is_sound(profile, _PROFILE_SPACES[mode]):
        stream = pdf.make_stream(profile, N=_COMPONENTS[mode], Alternate=_SPACES[mode])
        return Array([Name.ICCBased, stream])
    return _SPACES.get(mode, Name.DeviceRGB)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The chunks of a PNG file by name, the image data joined."""
    found: dict[bytes, list[bytes]] = {}
    position = 8
    while position + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        name = data[position + 4 : position + 8]
        found.setdefault(name, []).append(data[position + 8 : position + 8 + length])
        position += 12 + length
    return {name: b"".join(parts) for name, parts in found.items()}
