"""The registry's pages, by subject: enterprises, people, files."""
