"""Commands beside the main job, by who needs them: parse, call, print, as in ``cli``."""
