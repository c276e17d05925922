"""How alike two texts are, by several measures in one form."""
