//! Every analytic, built for Wasm and embedded.
