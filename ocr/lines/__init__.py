"""Tesseract's models, read line by line like there, but all lines of a page at once."""
