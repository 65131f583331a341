"""What nothing is wrong with: a module for each subject, with `HEALTHY`."""
