"""What happens to a batch, step by step. ``flow`` shows the whole way."""
