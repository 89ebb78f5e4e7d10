"""What the queue costs: a real server in front of a real database, its clients, and a study of Optuna's beside it."""
