"""The record: tables, and the only place that speaks SQL."""
