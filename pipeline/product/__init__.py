"""The product: one searchable PDF of original images with an invisible text layer."""
