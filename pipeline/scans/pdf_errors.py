"""What pikepdf raises over broken PDFs."""

import pikepdf

PDF_ERRORS = (
    *(pikepdf.PdfError, pikepdf.PikepdfError, ValueError, TypeError, KeyError, IndexError, AttributeError),
    *(ArithmeticError, RuntimeError, OSError, NotImplementedError),
)
