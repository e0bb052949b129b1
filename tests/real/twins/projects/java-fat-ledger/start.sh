#!/bin/sh
exec java $JAVA_OPTS -jar /ledger/ledger.jar
