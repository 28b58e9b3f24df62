//! Takes what went wrong, gives the exit status. The contract's table, and which cause wins.

use std::process::ExitCode;

use crate::checks::Verdict;

/// How a command ended. Ordered by which wins when there are several causes: 2 over 3, 3 over 1, 1 over 4.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Status {
    /// Verdict `pass`, or done.
    Done,
    /// Verdict `incomplete`.
    Incomplete,
    /// Verdict `fail`.
    Failed,
    /// A file cannot be read.
    Unreadable,
    /// The command line or the configuration is wrong.
    Usage,
}

impl Status {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unreadable => 3,
            Self::Incomplete => 4,
        }
    }
}

impl From<Verdict> for Status {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Done,
            Verdict::Fail => Self::Failed,
            Verdict::Incomplete => Self::Incomplete,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.code())
    }
}

/// Why a command could not begin its work. All causes are told, the worst decides the status.
#[derive(Debug, Default)]
pub struct Complaints {
    lines: Vec<(Status, String)>,
}

impl Complaints {
    /// The command line or the configuration is wrong.
    pub fn usage(&mut self, line: impl Into<String>) {
        self.lines.push((Status::Usage, line.into()));
    }

    /// A file cannot be read.
    pub fn unreadable(&mut self, line: impl Into<String>) {
        self.lines.push((Status::Unreadable, line.into()));
    }

    /// Whether there is nothing to complain about.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines, in the order they were found.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|(_, line)| line.as_str())
    }

    /// The status that wins.
    pub fn status(&self) -> Status {
        self.lines.iter().map(|(status, _)| *status).max().unwrap_or(Status::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_wins_over_three_over_one_over_four() {
        let order = [Status::Usage, Status::Unreadable, Status::Failed, Status::Incomplete, Status::Done];
        assert_eq!(order.map(Status::code), [2, 3, 1, 4, 0]);
        assert!(order.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn the_worst_complaint_decides() {
        let mut complaints = Complaints::default();
        complaints.unreadable("a");
        complaints.usage("b");
        complaints.unreadable("c");
        assert_eq!(complaints.status(), Status::Usage);
        assert_eq!(complaints.lines().collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
