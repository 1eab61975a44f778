"""``script/bench product``: how small PDFs become, ours and the peers', and what that costs whom."""
