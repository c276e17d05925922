"""Which questions probe which beliefs: one kind of activation a file."""
