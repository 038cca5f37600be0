"""Children that misbehave, each in its way."""
