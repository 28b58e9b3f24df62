//! Takes all rules, gives those of one scope: found once, since there are many rules, and what is judged comes by the
//! million.

use std::sync::LazyLock;

use super::CheckId;
use super::marks::Marks;
use super::rule::{Out, Rule, Scope};
use super::rules::RULES;
use super::subject::{ConnectionCase, ExchangeCase, LogCase, TokenCase, UseCase};

/// Rules with what they do.
type Scoped<E> = Vec<(&'static Rule, E)>;

type ExamineToken = for<'a> fn(&TokenCase<'a>, &mut Out<'_>);
/// What a rule does with a use of a token.
pub(super) type ExamineUse = for<'a> fn(&UseCase<'a>, &mut Out<'_>);
type ExamineExchange = for<'a> fn(&ExchangeCase<'a>, &mut Out<'_>);
type ExamineLog = for<'a> fn(&LogCase<'a>, &mut Out<'_>);
type ExamineConnection = for<'a> fn(&ConnectionCase<'a>, &mut Out<'_>);

/// Rules that look at tokens.
pub(super) static TOKEN: LazyLock<Scoped<ExamineToken>> =
    LazyLock::new(|| of(|scope| if let Scope::Token(examine) = scope { Some(examine) } else { None }));

/// Rules that look at uses of tokens and ask for the time.
pub(super) static TIMED_USE: LazyLock<Scoped<ExamineUse>> = LazyLock::new(|| uses(true));

/// Rules that look at uses of tokens, whenever.
pub(super) static STEADY_USE: LazyLock<Scoped<ExamineUse>> = LazyLock::new(|| uses(false));

/// Rules that look at exchanges, with the marks without which they stay silent.
pub(super) static EXCHANGE: LazyLock<Scoped<(Option<Marks>, ExamineExchange)>> = LazyLock::new(|| {
    of(|scope| match scope {
        Scope::Exchange(examine) => Some((None, examine)),
        Scope::Marked(marks, examine) => Some((Some(marks), examine)),
        _ => None,
    })
});

/// Rules that look at lines of logs.
pub(super) static LOG: LazyLock<Scoped<ExamineLog>> =
    LazyLock::new(|| of(|scope| if let Scope::Log(examine) = scope { Some(examine) } else { None }));

/// Rules that look at connections.
pub(super) static CONNECTION: LazyLock<Scoped<ExamineConnection>> =
    LazyLock::new(|| of(|scope| if let Scope::Connection(examine) = scope { Some(examine) } else { None }));

fn of<E>(pick: impl Fn(Scope) -> Option<E>) -> Scoped<E> {
    RULES.iter().filter_map(|&rule| Some((rule, pick(rule.scope)?))).collect()
}

fn uses(timed: bool) -> Scoped<ExamineUse> {
    let mut rules = of(|scope| if let Scope::Use(examine) = scope { Some(examine) } else { None });
    rules.retain(|(rule, _)| (rule.check == CheckId::Lifetime) == timed);
    rules
}
