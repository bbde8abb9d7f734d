//! Questions and choices that read like real ones.

const ASKED: [&str; 12] = [
    "Where should we have lunch",
    "Which book shall we read next",
    "When should the team meet",
    "What should the new room be called",
    "Which film is on on Friday",
    "Where do we go on the summer trip",
    "What colour should the door get",
    "Which talk do you want to hear again",
    "What shall we plant in the yard",
    "Which game belongs on the shelf",
    "What should the band play first",
    "Which day suits the workshop",
];

const ANSWERS: [&str; 12] = [
    "The first idea",
    "The usual one",
    "Something new",
    "The cheapest",
    "The closest",
    "What we had last year",
    "The one with a view",
    "The quiet one",
    "The loud one",
    "Surprise us",
    "None of these",
    "I do not mind",
];

/// The question of a poll of the batch; no two are the same.
pub(super) fn question(number: u32) -> String {
    let asked = pick(&ASKED, number);
    format!("{asked}, round {}?", number + 1)
}

/// The text of a choice; no two of a poll are the same.
pub(super) fn choice(poll: u32, place: u32) -> String {
    let count = u32::try_from(ANSWERS.len()).unwrap_or(u32::MAX);
    let answer = pick(&ANSWERS, poll % count + place % count);
    match place / count {
        0 => answer.to_owned(),
        again => format!("{answer} ({})", again + 1),
    }
}

fn pick<'w>(words: &[&'w str], number: u32) -> &'w str {
    let index = usize::try_from(number).unwrap_or_default() % words.len().max(1);
    words.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::service::text::MAX_TEXT;

    #[test]
    fn no_two_are_the_same_and_none_is_too_long() {
        let questions: HashSet<String> = (0..5000).map(question).collect();
        assert_eq!(questions.len(), 5000);
        assert!(question(u32::MAX - 1).len() <= MAX_TEXT);
        for poll in [0, 1, 7, u32::MAX] {
            let choices: HashSet<String> = (0..50).map(|place| choice(poll, place)).collect();
            assert_eq!(choices.len(), 50);
        }
    }
}
