"""What is looked at: option log-probabilities, agreement, refusal, and the banks of items they are taken on."""
