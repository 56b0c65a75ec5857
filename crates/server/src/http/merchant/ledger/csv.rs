//! Comma-separated values as RFC 4180 writes them.
//!
//! A cell that a spreadsheet would take for a formula is made plain text with an apostrophe;
//! numbers of ours keep their sign.

/// One line of cells, ended as the RFC ends it.
pub fn push_line<'a>(out: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_cell(out, cell);
    }
    out.push_str("\r\n");
}

fn push_cell(out: &mut String, cell: &str) {
    let is_number = cell.bytes().skip(1).all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number;
    if !is_formula && !cell.contains(['"', ',', '\r', '\n']) {
        out.push_str(cell);
        return;
    }
    out.push('"');
    if is_formula {
        out.push('\'');
    }
    out.push_str(&cell.replace('"', "\"\""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cells: &[&str], line: &str) {
        let mut out = String::new();
        push_line(&mut out, cells.iter().copied());
        assert_eq!(out, line);
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        check(&["a", "", "1.5"], "a,,1.5\r\n");
        check(
            &["a,b", "say \"hi\"", "two\nlines"],
            "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n",
        );
    }

    #[test]
    fn formulas_are_text_and_negative_numbers_are_numbers() {
        check(&["=1+1", "@x", "-5.25", "-x"], "\"'=1+1\",\"'@x\",-5.25,\"'-x\"\r\n");
    }
}
