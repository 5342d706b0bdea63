"""Budgets: hold before a call, settle after it, and never let the two pass a cap."""
