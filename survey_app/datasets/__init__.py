"""Rows into tables: the only place that knows both."""
