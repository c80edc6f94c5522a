"""What an answer is worth: scores, data quality and reliability; pure functions of frames."""
