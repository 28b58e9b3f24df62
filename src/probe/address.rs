//! Takes a URL of the command line, gives the host, port and path to ask. RFC 3986, RFC 9110 4.2.

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// Whether by TLS.
    pub tls: bool,
    /// Name or address, without brackets, lower case.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query; empty when the URL names only a host.
    pub path: String,
}

impl Address {
    /// Reads a URL; a bare host is asked by https.
    ///
    /// # Errors
    /// One line: what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("{}: {why}", text.escape_debug()));
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return wrong("a URL holds no white space");
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return wrong("only http and https are asked"),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(
                "a URL with a user name or password: probe sends no credentials, leave them out".to_owned()
            );
        }
        let (host, port) = split_port(authority);
        let port = match port {
            None => Ok(if tls { 443 } else { 80 }),
            Some(port) => port.parse::<u16>(),
        };
        let Some(port) = port.ok().filter(|port| *port > 0) else {
            return wrong("the port is a number up to 65535");
        };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let named = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let address = host.parse::<std::net::Ipv6Addr>().is_ok();
        if host.is_empty() || !(address || host.chars().all(named)) {
            return wrong(
                "a host name or address is expected after the scheme (names beyond ASCII as xn--…)",
            );
        }
        let path = path.split('#').next().unwrap_or_default();
        if !path.is_ascii() {
            return wrong("the path is ASCII; other characters are percent-encoded");
        }
        let path = match path {
            "" | "/" => String::new(),
            query if query.starts_with('?') => format!("/{query}"),
            path => path.to_owned(),
        };
        Ok(Self { tls, host, port, path })
    }

    /// `host:port`, as messages name it.
    pub fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// The `Host` field: without the port that the scheme implies.
    pub fn host_field(&self) -> String {
        let authority = self.authority();
        let implied = if self.tls { ":443" } else { ":80" };
        authority.strip_suffix(implied).unwrap_or(&authority).to_owned()
    }

    /// The URL of a path there.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", if self.tls { "https" } else { "http" }, self.host_field())
    }

    /// Where a `Location` field points, seen from a path of this host: the path when it is the same
    /// scheme, host and port, else the place as it was named.
    pub fn redirected(&self, from: &str, location: &str) -> Result<String, String> {
        let there = match location {
            "" => return Err("(empty)".to_owned()),
            network if network.starts_with("//") => {
                format!("{}:{network}", if self.tls { "https" } else { "http" })
            }
            absolute if absolute.contains("://") => absolute.to_owned(),
            path if path.starts_with('/') => self.url(path),
            query if query.starts_with('?') => {
                self.url(&format!("{}{query}", from.split('?').next().unwrap_or_default()))
            }
            relative => {
                let folder = from.split('?').next().and_then(|path| path.rsplit_once('/'));
                self.url(&format!("{}/{relative}", folder.map_or("", |(folder, _)| folder)))
            }
        };
        match Self::parse(&there) {
            Ok(to) if (to.tls, &to.host, to.port) == (self.tls, &self.host, self.port) => {
                Ok(if to.path.is_empty() { "/".to_owned() } else { to.path })
            }
            _ => Err(location.to_owned()),
        }
    }
}

/// The host, and the port when there is one.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').unwrap_or((rest, ""));
        return (host, after.strip_prefix(':'));
    }
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, Some(port)),
        Some(_) => (authority, None),
        None => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let address = Address::parse("https://Mail.Contoso.com./ews/exchange.asmx?x#y").unwrap();
        assert_eq!((address.host.as_str(), address.port, address.tls), ("mail.contoso.com", 443, true));
        assert_eq!(address.path, "/ews/exchange.asmx?x");
        let address = Address::parse("http://[::1]:8080/").unwrap();
        assert_eq!((address.authority().as_str(), address.path.as_str()), ("[::1]:8080", ""));
        assert_eq!(Address::parse("mail.contoso.com").unwrap().url("/x"), "https://mail.contoso.com/x");
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        for text in ["ftp://a/", "https://u:p@a/", "https://", "https://a:0/", "https://a:x/", "https://a b/"]
        {
            assert!(Address::parse(text).is_err(), "{text}");
        }
        assert!(!Address::parse("https://u:secret@a/").unwrap_err().contains("secret"));
        assert!(Address::parse("https://a/\r\nX: y").is_err());
    }

    #[test]
    fn only_the_same_place_is_gone_on_to() {
        let address = Address::parse("https://mail.contoso.com/").unwrap();
        let to = |location: &str| address.redirected("/ews/exchange.asmx", location);
        assert_eq!(to("/owa/"), Ok("/owa/".to_owned()));
        assert_eq!(to("https://MAIL.contoso.com:443/x?y"), Ok("/x?y".to_owned()));
        assert_eq!(to("other.asmx"), Ok("/ews/other.asmx".to_owned()));
        for elsewhere in
            ["http://mail.contoso.com/x", "https://mail.contoso.com:8443/", "//evil.example/", ""]
        {
            assert!(to(elsewhere).is_err(), "{elsewhere}");
        }
    }
}
