"""Colour profiles that come with scans: whether they can be used."""

from __future__ import annotations

import io

from PIL import ImageCms

_NEWEST_PROFILE = 4


def is_sound(profile: bytes, space: bytes) -> bool:
    """Whether a profile is of this colour space, of a version PDF/A-2 knows, and can be used."""
    if profile[16:20] != space or not profile[8:9] or profile[8] > _NEWEST_PROFILE:
        return False
    try:
        ImageCms.getOpenProfile(io.BytesIO(profile))
    except (OSError, ImageCms.PyCMSError):
        return False
    return True
