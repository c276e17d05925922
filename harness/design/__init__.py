"""What was promised: declarations, their validation, the lock and the plan."""
