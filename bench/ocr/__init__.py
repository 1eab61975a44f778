"""``script/bench ocr``: Aktenwerk's main job and its peers on the same pages, in turn."""
