//! `completions` and `man`: takes the command line's definition, gives shell scripts and roff.

use clap::CommandFactory as _;

use super::args::Arguments;
use super::output::print;
use super::status::Status;
use super::terminal::Terminal;

/// Prints the completion script of a shell.
pub fn completions(shell: clap_complete::Shell, terminal: &Terminal) -> Status {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "oauthtrace", &mut script);
    print(terminal, |out| out.write_all(&script))
}

/// Prints one manual page: the program, then a section for each command.
pub fn man(terminal: &Terminal) -> Status {
    let mut command = Arguments::command();
    command.build();
    print(terminal, |out| {
        clap_mangen::Man::new(command.clone()).render(out)?;
        pages(&command, out)
    })
}

fn pages(command: &clap::Command, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        let man = clap_mangen::Man::new(sub.clone());
        writeln!(out, ".SH \"{}\"", sub.get_bin_name().unwrap_or(sub.get_name()).to_uppercase())?;
        man.render_synopsis_section(out)?;
        man.render_description_section(out)?;
        man.render_options_section(out)?;
        pages(sub, out)?;
    }
    Ok(())
}
