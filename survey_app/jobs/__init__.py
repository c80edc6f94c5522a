"""Work done behind the pages: letters sent, reports made."""
