"""The appointments' pages: lists, preparing, deciding, papers; ``shown`` says in words what they show."""
