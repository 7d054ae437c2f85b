"""A street's storm on the one-machine server, and what its tables say afterwards: `make load`."""
