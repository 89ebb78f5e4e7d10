"""What `caviar doctor` looks at, from outside and read only: storage, server, workers, searches that stand still."""
