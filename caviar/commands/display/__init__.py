"""What the command line draws. Loads rich: import it where a command runs."""
