"""Arithmetic of the platform that several rooms share: budgets, evictability, capacity. Every answer carries its reason."""
