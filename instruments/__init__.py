"""What is asked: instruments as data, and the questionnaire compiled from them."""
