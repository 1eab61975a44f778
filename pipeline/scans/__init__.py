"""Opening scan files safely: what format, how many pages, and each page as pixels."""
