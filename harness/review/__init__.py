"""Reviews the text of a report: whether it has the parts of a clean result and a complete reproducibility card. The core never imports it."""
