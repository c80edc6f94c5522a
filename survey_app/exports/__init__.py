"""What leaves the service as files of other programs: pure, made from a snapshot."""
