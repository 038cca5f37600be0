"""A small server that travels with a LiteRT model: files that are copied as they are, never run here."""
