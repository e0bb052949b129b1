#!/bin/sh
ruff check geo tests
