//! The procedure as Microsoft's page gave it, by date.

/// A dated procedure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// The page of February 2022: MSOnline, one application.
    Sfbo2022,
    /// The same with Microsoft Graph PowerShell, since MSOnline stopped in 2025.
    Sfbo2022Graph,
    /// The page of June 2025: Teams scheduler and Cloud Voicemail beside the old application.
    Teams2025,
}

impl Profile {
    /// All, oldest first.
    pub const ALL: [Self; 3] = [Self::Sfbo2022, Self::Sfbo2022Graph, Self::Teams2025];

    /// The value of `--profile`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sfbo2022 => "sfbo-2022",
            Self::Sfbo2022Graph => "sfbo-2022-graph",
            Self::Teams2025 => "teams-2025",
        }
    }

    /// Reads the value of `--profile`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == text)
    }

    /// Whether it uses the retired MSOnline module.
    pub const fn uses_msonline(self) -> bool {
        matches!(self, Self::Sfbo2022)
    }

    /// What a user of this profile should know, one line each.
    pub const fn remarks(self) -> &'static [&'static str] {
        match self {
            Self::Sfbo2022 => &[
                "MSOnline stopped working in 2025 (end of support 2025-03-30, switched off April to May 2025): steps 1, 5 and 6 of this profile cannot run against a live tenant any more; sfbo-2022-graph does the same with Microsoft Graph PowerShell.",
                "Microsoft's page of June 2025 (profile teams-2025) adds the applications 7557eb47-c689-4224-abcf-aef9bd7573df (Teams scheduler) and db7de2b5-2149-435e-8043-e080dd50afae (Cloud Voicemail).",
            ],
            Self::Sfbo2022Graph => &[
                "teams-2025 would add: partner application 7557eb47-c689-4224-abcf-aef9bd7573df (Teams scheduler, role with GetDelegate only), partner application db7de2b5-2149-435e-8043-e080dd50afae (Cloud Voicemail, no linked account), and the certificate on both of their service principals.",
            ],
            Self::Teams2025 => &[
                "Unconfirmed: this profile follows a copy of Microsoft's page of June 2025 that we could read only in part. Compare it with the live page before you run it.",
                "Keep the old partner application 00000004-0000-0ff1-ce00-000000000000: out-of-office voicemail greetings still use it.",
            ],
        }
    }
}
