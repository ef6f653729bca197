"""What people do in the registry: the only writers of its rows."""
