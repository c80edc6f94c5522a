"""What the trial says: the plan, estimates by arm, exhibits and the document."""
