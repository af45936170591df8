//! AN1276, Linux: authentication failures, then a success from the same address or user.
