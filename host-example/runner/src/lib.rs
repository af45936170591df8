//! The wasmtime runner for authsieve analytics.
