"""The verbs: every change to the record, each with its audit event."""
