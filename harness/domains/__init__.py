"""The subjects of this project's experiments, one folder each; found through the entry points of the group `harness.domains` as anybody else's are."""
