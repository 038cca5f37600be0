"""Judging a run: metrics with intervals, comparisons, explanations.

This room never decides what a page shows.
"""
