"""Ends well, and says something that nobody asked for."""

print("all is well")
