"""Layers as PDF objects: JPEGs for what has shades, CCITT Group 4 for the mask, and no other kind of mask.

Explicit masks and stencils (ISO 32000-1, 8.9.6) are as old as PDF 1.3 and allowed in every part of PDF/A;
soft masks are not. JBIG2 is never written: its symbol coding may swap characters (TR-RESISCAN A.SC.12).
"""

from __future__ import annotations

import io
import zlib

import numpy as np
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image

from ocr.records import Grey, Pixels
from pipeline.product.embed import group4, image_stream
from pipeline.product.layers import COLOUR, Layers, Picture

#: JPEG quality: smooth paper shows steps early, ink's colour hardly.
_PAPER, _INK, _PICTURE = 70, 60, 75
_PLAIN_JPEG = 85
_WHOLE, _HALVED = 0, 2  # Pillow's names of 4:4:4 and 4:2:0
_LEVELS = 255


def draw_mixed(pdf: Pdf, layers: Layers) -> tuple[Stream, int]:
    """A form that draws ``layers`` onto the unit square, and the bytes of all its images."""
    images = {"/Paper": _jpeg_image(pdf, layers.paper, _PAPER, _HALVED)}
    content = [b"/Paper Do"]
    for number, picture in enumerate(layers.pictures):
        name = f"/Picture{number}"
        images[name] = _jpeg_image(pdf, picture.pixels, _PICTURE, _WHOLE)
        content.append(b"q %s cm %s Do Q" % (_placed(picture, layers), name.encode()))
    mask = _stencil(pdf, layers.mask)
    if isinstance(layers.ink, tuple):
        images["/Ink"] = mask
        content.append(b"%s /Ink Do" % _paint(layers.ink))
    else:
        images["/Ink"] = _jpeg_image(pdf, layers.ink, _INK, _HALVED)
        images["/Ink"].Mask = mask
        content.append(b"/Ink Do")
    streams = {one.objgen: one for one in (*images.values(), mask)}.values()
    size = sum(len(one.get_raw_stream_buffer()) for one in streams)
    form = pdf.make_stream(
        b"\n".join(content),
        Type=Name.XObject,
        Subtype=Name.Form,
        BBox=Array([0, 0, 1, 1]),
        Resources=Dictionary(XObject=Dictionary(images)),
    )
    return form, size


def draw_jpeg(pdf: Pdf, page: Pixels) -> tuple[Stream, int]:
    """The page as one JPEG in full resolution, and its bytes."""
    image = _jpeg_image(pdf, page, _PLAIN_JPEG, _HALVED)
    return image, len(image.get_raw_stream_buffer())


def _jpeg_image(pdf: Pdf, pixels: Pixels, quality: int, chroma: int) -> Stream:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, optimize=True, subsampling=chroma)
    space = Name.DeviceRGB if pixels.ndim == COLOUR else Name.DeviceGray
    stream = image_stream(pdf, file.getvalue(), (pixels.shape[1], pixels.shape[0]), space, 8)
    stream.Filter = Name.DCTDecode
    return stream


def _stencil(pdf: Pdf, mask: Grey) -> Stream:
    """The mask as a stencil: where it is 255, paint goes through.

    Group 4 has a fixed code, for pages of 1980: deflated, letters take an eighth less.
    """
    height, width = mask.shape
    paper = np.packbits(mask == 0, axis=1).tobytes()
    code, parms = group4(Image.frombytes("1", (width, height), paper))
    return pdf.make_stream(
        zlib.compress(code, 9),
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=width,
        Height=height,
        ImageMask=True,
        BitsPerComponent=1,
        Filter=Array([Name.FlateDecode, Name.CCITTFaxDecode]),
        DecodeParms=Array([Dictionary(), parms]),
    )


def _placed(picture: Picture, layers: Layers) -> bytes:
    box = picture.box
    across, down = 1 / layers.width, 1 / layers.height
    bottom = layers.height - box.top - box.height
    numbers = (box.width * across, 0, 0, box.height * down, box.left * across, bottom * down)
    return b" ".join(b"%.8f" % number for number in numbers)  # no exponents: PDF does not know them


def _paint(ink: tuple[int, ...]) -> bytes:
    levels = b" ".join(b"%.3g" % (level / _LEVELS) for level in ink)
    return levels + (b" rg" if len(ink) == COLOUR else b" g")
