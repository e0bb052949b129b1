"""Comments on pull requests: where a job runs, how each forge is asked, and when there is something to say.

`ci` reads the environment, `transport` speaks HTTP, one module for each forge knows its API, and
`publish` decides what becomes of the comment. Nothing here renders and nothing here prints.
"""
