"""How alike several models answer: what was compared, the null, the interval, the baselines, and whether the numbers add up."""
