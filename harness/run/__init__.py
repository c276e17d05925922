"""What is being done: settings, selection, the board of verdicts, the journal, measurements, resuming."""
