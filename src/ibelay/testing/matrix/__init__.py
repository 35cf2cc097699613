"""The fault matrix: fifty failures from the field, each with what a user is owed."""
