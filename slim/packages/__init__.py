"""Packages, whoever manages them: what a database says, who owns a file, what depends on what.

Each ecosystem has a reader for its database, and gives packages of one form (`package`). `owners` finds
the owner of every live file, through the image's symbolic links (`places`). `graph` resolves the names
that packages depend on, and `closure` answers from it why a package is there, which came only as
recommendations, and what goes along when one is removed.
"""
