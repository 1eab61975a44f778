"""An image in, words with boxes out. Knows nothing of files, queues, stores or settings."""
