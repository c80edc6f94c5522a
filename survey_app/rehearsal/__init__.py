"""A study rehearsed before its first letter: simulated whole, in a record that is thrown away."""
