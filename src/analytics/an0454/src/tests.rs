//! What the cases as data do not reach: state, evidence, bounds, errors; and the rules against a naive reference.

mod naive;
mod random;
