//! The secrets of a run: key logs, secrets blocks, server keys. Shared by all connections.
