//! Files and streams into one-line records, for hosts.
