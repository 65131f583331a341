"""Panels of lines about a session: watches, breakpoints, its log, another run, all iterations."""
