#!/bin/sh
# The journal of this machine through AN1276, live: one JSON line per alert on standard output.
#
# AUTHSIEVE and JOURNALCTL name the two programs if they are not on PATH; arguments go to `authsieve run`, such as
# `-c /etc/authsieve/an1276.toml`.
set -eu

# Only what the analytic reads: fewer bytes to print and to parse. Facilities auth and authpriv, and the audit log.
"${JOURNALCTL:-journalctl}" --follow --lines=0 --output=json \
    SYSLOG_FACILITY=4 + SYSLOG_FACILITY=10 + _TRANSPORT=audit |
    exec "${AUTHSIEVE:-authsieve}" run -a an1276 "$@" -
