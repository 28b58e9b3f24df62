//! Explains rules, diagnostics numbers and AADSTS codes.
