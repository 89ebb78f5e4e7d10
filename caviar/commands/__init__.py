"""The command line. A command's file imports what it needs when it runs, so that `caviar --help` waits for nothing."""
