"""An invented trial, carried through the same operations that a real one goes through.

Schools, people, answers, comments and sessions are drawn from one seed; none of them is real.
"""
