//! Takes the options of `token`, `cert` and `explain`, gives records.

use std::path::PathBuf;

use clap::Args;

use super::Plain;

/// `token`
#[derive(Debug, Clone, Args)]
#[command(after_long_help = "\
Examples:
  oauthtrace token token.txt
  oauthtrace token - --cert OAuthCert.cer --tenant contoso.com < token.txt
  oauthtrace token token.txt --metadata s2s.json --at 2026-11-22T10:00:00Z -o json

Without a key the outcome is incomplete (status 4): a token that was only decoded proves nothing.
Prefer a file or stdin: a token on the command line is visible to other users and stays in the shell's history.")]
pub struct TokenArgs {
    /// File with one token, - for stdin, or the token itself
    #[arg(value_name = "FILE")]
    pub token: String,
    /// Public key, PEM or JWK; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pub key: Vec<PathBuf>,
    /// HMAC secret: the raw bytes of the file; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pub secret: Vec<PathBuf>,
    /// Certificate: DER, PEM or bare base64; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pub cert: Vec<PathBuf>,
    /// JSON Web Key set; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pub jwks: Vec<PathBuf>,
    /// S2S metadata JSON or federation metadata XML; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pub metadata: Vec<PathBuf>,
    /// Passwords for PKCS#12 files, one a line
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pub password_file: Vec<PathBuf>,
    /// Tenant GUID or verified domain that the token must name; repeatable
    #[arg(long, value_name = "T", help_heading = "Expectations")]
    pub tenant: Vec<String>,
    /// Judge times at this moment, RFC 3339 or Unix seconds [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Expectations")]
    pub at: Option<String>,
    /// Clock tolerance in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        allow_hyphen_values = true,
        default_value = "300",
        help_heading = "Expectations"
    )]
    pub leeway: String,
    /// Rendering on stdout
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Plain::Text, help_heading = "Output")]
    pub output: Plain,
    /// Print the signature instead of masking it
    #[arg(long, help_heading = "Output")]
    pub show_secrets: bool,
}

/// `cert`
#[derive(Debug, Clone, Args)]
#[command(after_long_help = "\
Examples:
  oauthtrace cert OAuthCert.cer
  oauthtrace cert OAuthCert.cer --against uploaded.txt
  oauthtrace cert auth.pfx --password-file password.txt -o json
  openssl x509 -in auth.pem -outform der | oauthtrace cert -")]
pub struct CertArgs {
    /// Certificates: DER, PEM, bare base64, PKCS#7 or PKCS#12; - for stdin
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Compare with the certificates or keys in this file; status 1 when they differ
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// Passwords for PKCS#12 files, one a line
    #[arg(long, value_name = "FILE")]
    pub password_file: Vec<PathBuf>,
    /// Rendering on stdout
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Plain::Text)]
    pub output: Plain,
}

/// `explain`
#[derive(Debug, Clone, Args)]
#[command(after_long_help = "\
Examples:
  oauthtrace explain issuer-tenant
  oauthtrace explain 2000003
  oauthtrace explain AADSTS700027
  oauthtrace explain --list")]
pub struct ExplainArgs {
    /// Rule id, check, cause, diagnostics number or AADSTS code
    #[arg(value_name = "CODE", required_unless_present = "list")]
    pub code: Option<String>,
    /// List all codes with one line each
    #[arg(long, conflicts_with = "code")]
    pub list: bool,
    /// Rendering on stdout
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Plain::Text)]
    pub output: Plain,
}
