#!/bin/sh
# Judges the journal of this machine live with AN1276. Prints one JSON line per alert.
#
# AUTHSIEVE and JOURNALCTL name the two programs if they are not on PATH. Arguments are passed to `authsieve run`, such
# as `-c /etc/authsieve/an1276.toml`.
set -eu

# Only the entries that the analytic reads: facilities auth and authpriv, and the audit log.
"${JOURNALCTL:-journalctl}" --follow --lines=0 --output=json \
    SYSLOG_FACILITY=4 + SYSLOG_FACILITY=10 + _TRANSPORT=audit |
    exec "${AUTHSIEVE:-authsieve}" run -a an1276 --follow "$@" -
