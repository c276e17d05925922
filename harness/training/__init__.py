"""Who was changed: training rows, LoRA adapters, checkpoints, and adapters stacked in memory."""
