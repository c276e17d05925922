"""What it means: intervals, criteria, rules, families of tests, confidence."""
