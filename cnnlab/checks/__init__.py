"""Checks of a dataset's pictures: measured once, told as findings, acted on as versions that can be taken back."""
