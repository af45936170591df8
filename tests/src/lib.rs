//! End-to-end tests of authsieve: every host against the same cases.
