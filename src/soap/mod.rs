//! Takes bodies and headers of Exchange's answers, gives the results in them.
//!
//! EWS response codes and SOAP faults, `x-ms-diagnostics`, token service errors. A leaf.
