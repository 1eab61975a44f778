"""Document types by their cues, tolerant of what recognition misread."""
