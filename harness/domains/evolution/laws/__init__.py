"""Laws of population genetics that a correct simulator obeys, each with how far chance may take it from them: what a gate asks of an engine."""
