//! Takes an error of the system, gives what people read of it.

/// The system's word without its number.
pub fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::IsADirectory => "is a directory".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_the_system_is_told() {
        let error = std::fs::File::open("/nowhere/at/all").unwrap_err();
        assert_eq!(plain(&error), "no such file or directory");
        assert_eq!(plain(&std::io::Error::other("x")), "x");
    }
}
