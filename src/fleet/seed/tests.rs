//! Plans that can and cannot be carried out.

use super::*;

const PLAN: Plan = Plan { users: 10, polls: 5, choices: 4, votes: 10, tokens: true };

#[test]
fn plans_are_checked() {
    assert_eq!(PLAN.check(), Ok(()));
    assert_eq!(Plan { votes: 11, ..PLAN }.check(), Err(PlanError::TooFewVoters(11, 10)));
    assert_eq!(Plan { users: 0, votes: 0, ..PLAN }.check(), Err(PlanError::NoAuthor));
    assert_eq!(Plan { users: 0, polls: 0, ..PLAN }.check(), Ok(()));
    assert_eq!(Plan { choices: 1, ..PLAN }.check(), Err(PlanError::Choices(1)));
    assert_eq!(Plan { choices: 51, ..PLAN }.check(), Err(PlanError::Choices(51)));
}

#[test]
fn rows_are_counted() {
    assert_eq!(PLAN.rows(), 10 + 10 + 5 + 20 + 50);
}

#[test]
fn earlier_choices_win_and_every_pick_is_one_of_them() {
    let mut tallies = [0; 4];
    for poll in 0..100 {
        for voter in 0..100 {
            tallies[usize::try_from(rows::pick(&PLAN, poll, voter)).unwrap()] += 1;
        }
    }
    assert!(tallies.is_sorted_by(|one, next| one > next), "{tallies:?}");
    assert_eq!(rows::pick(&PLAN, 3, 4), rows::pick(&PLAN, 3, 4));
}
