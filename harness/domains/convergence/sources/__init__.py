"""Prompts from public sources: read from their own files as they were published, never copied into the project."""
