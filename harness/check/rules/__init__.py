"""The rules that any experiment is checked by, one file for those that share their facts."""
