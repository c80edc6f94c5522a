"""The numbered exhibits of the report, one file each."""
