"""Dies as a program in C does."""

import os

os.abort()
