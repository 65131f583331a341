"""The rules, a module for each subject: a rule is one function under `@rule`, its threshold and source beside it."""
