"""Confirmatory factor analysis: does a questionnaire measure the factors it says it measures?"""
