"""Who put a file there: the package databases of an image, the owner of each file, and why it is there.

`catalog` runs one reader for each database (`dpkg`, `apk`, `rpm`, `python`, `node`, …) and gets packages
of one form (`model`). `owners` finds the owner of every live file, through the image's symbolic links
(`places`). `graph` resolves the names that packages depend on, and `closure` answers from it why a
package is there, which came only as recommendations, and what goes along when one is removed.
"""
