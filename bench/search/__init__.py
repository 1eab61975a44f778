"""``script/bench search``: every word that stands on pages as a query, and whether its page is found."""
