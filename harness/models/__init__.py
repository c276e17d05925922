"""Who answers: chat templates, local weights, sampling, and the providers behind an interface."""
