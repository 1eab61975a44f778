"""Settings, document types and translations: the only reader of files and environment."""
