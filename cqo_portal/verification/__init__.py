"""Public verification of papers: what each kind is worth, and the pages that say it."""
