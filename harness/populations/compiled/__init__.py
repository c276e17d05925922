"""The engine for many runs: what the reference does, compiled by numba, giving the same bits."""
