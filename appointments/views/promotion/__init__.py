"""The pages of what the bureaus encourage with: campaigns, achievements, commendations, guidance, policies."""
