//! The faces of an analytic: component, browser class.
