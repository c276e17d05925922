"""The rules that designs of persona leakage are checked by, one file for those that share their facts."""
