"""How good the searches are: real tables of results, a world of workers in virtual time, ours and the peers."""
