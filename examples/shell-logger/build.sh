#!/bin/sh
# Builds ./logger.  CC and CFLAGS are as for any program; SC_TRANSFORM= (empty)
# builds it without the tool, with the plain headers copied to include/sc.
set -eu
: "${CC=cc}" "${CFLAGS=-O2 -g -Wall}" "${SC_TRANSFORM=sc-transform}"
launcher=${SC_TRANSFORM:+$SC_TRANSFORM cc}

$launcher $CC $CFLAGS -Iinclude log.c main.c -o logger
