"""Cover and separator sheets: their codes, how they are drawn, which ones are printed."""
