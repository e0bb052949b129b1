"""The command line: alone it reads the environment, prints and exits."""
