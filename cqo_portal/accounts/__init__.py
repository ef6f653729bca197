"""Signing in: how allauth behaves here, what a guess costs, what a session may, who needs a second factor."""
