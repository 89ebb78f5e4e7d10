"""Everything that stands in the database. Only this package imports SQLAlchemy.

Functions take a transaction and `now` and return values, never rows. A transaction that changes a search or its trials
locks the search's row first (ledgers.py), searches in the order of their ids, and only then the rows of workers: that
makes budgets, counts and states exact, and two transactions never wait for each other in a circle.
"""
