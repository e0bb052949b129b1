"""Comments on pull requests: where a job runs, how each forge is asked, and when there is something to say.

`ci` reads the environment, one module for each forge knows its API as a value of type `Forge`, `forges` lists
them, `transport` sends JSON, and `publish` decides what becomes of the comment. Nothing here prints.
"""
