"""The bugs: a module for each subject, with `CASES`."""
