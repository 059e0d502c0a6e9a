//! Tables of text: ruled for people, plain and aligned for pipes.
//!
//! Cells come from media servers and trackers, so control characters in them never reach a terminal.

use crate::output::style::Style;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    /// What stands above it.
    pub title: &'static str,
    /// Longer cells are cut at a terminal, in characters.
    pub widest: usize,
    /// Numbers stand on the right.
    pub align: Align,
}

/// Where a cell stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// At the beginning.
    Left,
    /// At the end.
    Right,
}

/// A column of text.
pub(crate) const fn text(title: &'static str, widest: usize) -> Column {
    Column { title, widest, align: Align::Left }
}

/// A column of numbers.
pub(crate) const fn number(title: &'static str) -> Column {
    Column { title, widest: 20, align: Align::Right }
}

/// A table, filled row by row.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row. Cells beyond the last column are left out.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| harmless(&cell)).collect());
    }

    /// The table as text, each line ended; with or without the head.
    pub(crate) fn render(&self, style: Style, has_head: bool) -> String {
        let widths = self.widths(style);
        let mut text = String::new();
        if has_head {
            let titles: Vec<String> = self.columns.iter().map(|column| column.title.to_owned()).collect();
            text.push_str(&style.bold(&self.line(&titles, &widths, style)));
            text.push('\n');
            if style.is_terminal {
                let ruled: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                text.push_str(&self.line(&ruled, &widths, style));
                text.push('\n');
            }
        }
        for row in &self.rows {
            text.push_str(&self.line(row, &widths, style));
            text.push('\n');
        }
        text
    }

    fn widths(&self, style: Style) -> Vec<usize> {
        let widest = |at: usize, column: &Column| {
            let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
            let needed = cells.max().unwrap_or(0);
            let allowed = if style.is_terminal { needed.min(column.widest) } else { needed };
            allowed.max(column.title.chars().count())
        };
        self.columns.iter().enumerate().map(|(at, column)| widest(at, column)).collect()
    }

    fn line(&self, cells: &[String], widths: &[usize], style: Style) -> String {
        let mut line = String::new();
        for ((column, width), cell) in self.columns.iter().zip(widths).zip(cells) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            let cell = if style.is_terminal { cut(cell, *width) } else { cell.clone() };
            let gap = " ".repeat(width.saturating_sub(cell.chars().count()));
            match column.align {
                Align::Left => line.extend([cell, gap]),
                Align::Right => line.extend([gap, cell]),
            }
        }
        line.trim_end().to_owned()
    }
}

/// The text without control characters, which could move a terminal's cursor or break a line.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn cut(text: &str, widest: usize) -> String {
    if text.chars().count() <= widest {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(widest.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn films() -> Table {
        let mut table = Table::new(&[text("film", 8), number("plays")]);
        table.row(["Solaris".to_owned(), "2".to_owned()]);
        table.row(["Stalker, the film".to_owned(), "11".to_owned()]);
        table
    }

    #[test]
    fn a_pipe_gets_plain_aligned_text() {
        let expected = "film               plays\nSolaris                2\nStalker, the film     11\n";
        assert_eq!(films().render(Style::PLAIN, true), expected);
    }

    #[test]
    fn a_person_gets_a_ruled_head_and_cut_texts() {
        let style = Style { is_terminal: true, has_colour: false };
        let expected = "film      plays\n────────  ─────\nSolaris       2\nStalker…     11\n";
        assert_eq!(films().render(style, true), expected);
        let coloured = Style { is_terminal: true, has_colour: true };
        assert!(films().render(coloured, true).starts_with("\u{1b}[1mfilm"));
    }

    #[test]
    fn control_characters_never_reach_a_terminal() {
        let mut table = Table::new(&[text("film", 40)]);
        table.row(["\u{1b}[2JGone\nwith".to_owned()]);
        assert_eq!(table.render(Style::PLAIN, false), " [2JGone with\n");
    }
}
