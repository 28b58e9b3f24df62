//! How a rule is declared, and the one list of all rules.
