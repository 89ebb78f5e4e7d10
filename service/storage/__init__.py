"""Everything that stands in the database. Only this package imports SQLAlchemy.

Functions take a transaction and `now` and return values, never rows. A transaction that changes a search or its trials
locks the search's row first, searches in the order of their ids (queue.py, searches.py): that one rule makes budgets,
counts and states exact and rules out deadlocks.
"""
