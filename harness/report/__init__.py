"""What is told: clean result, card, figures and page, drawn from results.json and from nowhere else."""
