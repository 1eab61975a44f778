"""What qpdf and pikepdf raise on broken structure; for want of memory see ``image_pages.DECODER_ERRORS``."""

import pikepdf

PDF_ERRORS = (
    *(pikepdf.PdfError, pikepdf.PikepdfError, ValueError, TypeError, KeyError, IndexError, AttributeError),
    *(ArithmeticError, RuntimeError, OSError, NotImplementedError),
)
