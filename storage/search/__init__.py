"""The search index: what it holds of a page, how a query is read and put to it, and what an answer shows."""
