//! Two passes in a row as one list of edits.

use std::ops::Range;

use crate::record::Edit;

/// `first` leads from the middle text to the original, `second` from the result to the middle text. Edits that overlap
/// in the middle become one; edits that only touch stay apart, so that offsets stay as fine as they can be.
pub fn compose(first: &[Edit], second: &[Edit]) -> Vec<Edit> {
    if first.is_empty() {
        return second.to_vec();
    }
    let mut composed = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.iter().peekable(), second.iter().peekable());
    // How far the original runs ahead of the middle text, and the result of it, so far.
    let (mut original_shift, mut result_shift) = (0isize, 0isize);
    loop {
        let next = match (first.peek(), second.peek()) {
            (None, None) => return composed,
            (Some(edit), None) => edit.repaired.clone(),
            (None, Some(edit)) => edit.original.clone(),
            (Some(a), Some(b)) => earlier(&a.repaired, &b.original),
        };
        let mut middle = next;
        let (original_start, result_start) = (original_shift, result_shift);
        loop {
            if let Some(edit) = first.next_if(|edit| joins(&middle, &edit.repaired)) {
                middle.end = middle.end.max(edit.repaired.end);
                original_shift += edit.original.len() as isize - edit.repaired.len() as isize;
            } else if let Some(edit) = second.next_if(|edit| joins(&middle, &edit.original)) {
                middle.end = middle.end.max(edit.original.end);
                result_shift += edit.repaired.len() as isize - edit.original.len() as isize;
            } else {
                break;
            }
        }
        composed.push(Edit {
            repaired: shift(middle.start, result_start)..shift(middle.end, result_shift),
            original: shift(middle.start, original_start)..shift(middle.end, original_shift),
        });
    }
}

fn earlier(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    if (a.start, a.end) <= (b.start, b.end) { a.clone() } else { b.clone() }
}

/// The range itself, or one that overlaps it by at least a byte, or an empty one strictly inside it.
fn joins(group: &Range<usize>, edit: &Range<usize>) -> bool {
    edit == group || edit.start < group.end
}

fn shift(at: usize, by: isize) -> usize {
    at.checked_add_signed(by).expect("an edit never moves a position before the start")
}
