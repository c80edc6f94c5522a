"""The version of this program, printed in every report."""

VERSION = "0.1.0"
