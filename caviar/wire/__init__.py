"""The JSON forms of the HTTP interface, one file per noun. Readers ignore fields they do not know."""
