//! Documents that do a single thing, and so can spare what others need.

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};

use super::mutation::CAST_VOTE;

/// The single thing that a document does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lone {
    /// It casts a vote, and nothing that it asks for looks at the poll.
    Vote,
    /// It asks for a poll, with its choices or without: one statement, so there is no other that
    /// would have to see the same rows.
    Poll,
}

/// The fields that look at the poll of a vote or a choice: `votes` at whether it is secret.
const OF_THE_POLL: [&str; 2] = ["poll", "votes"];

/// The fields of polls and choices that are at hand once a poll is there with its choices.
const BESIDE_A_POLL: [&str; 12] = [
    "__typename",
    "id",
    "question",
    "ballot",
    "pubDate",
    "updatedAt",
    "closesAt",
    "isOpen",
    "choices",
    "totalVotes",
    "choiceText",
    "voteCount",
];

impl Lone {
    /// What a document does, if that is one of these things.
    pub(super) fn of(document: &ExecutableDocument) -> Option<Self> {
        let mut operations = document.operations.iter();
        let (Some((_, operation)), None) = (operations.next(), operations.next()) else {
            return None;
        };
        let [root] = &operation.node.selection_set.node.items[..] else { return None };
        let Selection::Field(root) = &root.node else { return None };
        let root = &root.node;
        let below = |may: fn(&str) -> bool| {
            let fragments = document.fragments.values();
            let fragments = fragments.map(|fragment| &fragment.node.selection_set);
            fragments.chain([&root.selection_set]).all(|set| all_fields(&set.node, may))
        };
        match (operation.node.ty, root.name.node.as_str()) {
            (OperationType::Mutation, CAST_VOTE) => {
                below(|field| !OF_THE_POLL.contains(&field)).then_some(Self::Vote)
            }
            (OperationType::Query, "poll") => {
                below(|field| BESIDE_A_POLL.contains(&field)).then_some(Self::Poll)
            }
            _ => None,
        }
    }
}

/// Whether all fields of a selection may stand there. Fragments with names are looked at by
/// themselves.
fn all_fields(set: &SelectionSet, may: fn(&str) -> bool) -> bool {
    set.items.iter().all(|item| match &item.node {
        Selection::Field(field) => {
            let field = &field.node;
            may(&field.name.node) && all_fields(&field.selection_set.node, may)
        }
        Selection::InlineFragment(inline) => all_fields(&inline.node.selection_set.node, may),
        Selection::FragmentSpread(_) => true,
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn lone(text: &str) -> Option<Lone> {
        Lone::of(&parse_query(text).unwrap())
    }

    #[test]
    fn a_lone_vote_looks_at_no_poll() {
        for text in [
            "mutation { castVote(input: {}) { vote { id choice { viewerHasVoted } } } }",
            "mutation A { a: castVote(input: {}) { ...P } } fragment P on P { vote }",
        ] {
            assert_eq!(lone(text), Some(Lone::Vote), "{text}");
        }
        for text in [
            "{ castVote { vote { id } } }",
            "mutation { castVote { vote { id } } logout { userErrors { code } } }",
            "mutation { castVote { vote { id } } b: castVote { vote { id } } }",
            "mutation { ... { castVote { vote { id } } } }",
            "mutation { changeVote { vote { id } } }",
            "mutation A { castVote { vote { id } } } query B { tenant { key } }",
            "mutation { castVote { a: poll { id } } }",
            "mutation { castVote { vote { ... { poll { id } } } } }",
            "mutation { castVote { vote { choice { votes { totalCount } } } } }",
            "mutation { castVote { ...P } } fragment P on P { vote { choice { poll { id } } } }",
        ] {
            assert_eq!(lone(text), None, "{text}");
        }
    }

    #[test]
    fn a_lone_poll_asks_for_nothing_but_itself_and_its_choices() {
        for text in [
            "{ poll(id: 1) { id question choices { id choiceText voteCount } } }",
            "query A { p: poll(id: 1) { ...P } } fragment P on Poll { isOpen choices { ...C } } \
             fragment C on Choice { text: choiceText __typename }",
            "{ poll(id: 1) { ... { totalVotes } } }",
        ] {
            assert_eq!(lone(text), Some(Lone::Poll), "{text}");
        }
        for text in [
            "mutation { poll { id } }",
            "subscription { poll { id } }",
            "{ poll(id: 1) { id } poll(id: 2) { id } }",
            "{ poll(id: 1) { id } viewer { id } }",
            "{ ... { poll(id: 1) { id } } }",
            "{ polls { nodes { id } } }",
            "{ node(id: 1) { id } }",
            "query A { poll(id: 1) { id } } query B { poll(id: 1) { id } }",
            "{ poll(id: 1) { createdBy { id } } }",
            "{ poll(id: 1) { viewerVote { id } } }",
            "{ poll(id: 1) { choices { poll { id } } } }",
            "{ poll(id: 1) { choices { viewerHasVoted } } }",
            "{ poll(id: 1) { ... { votes { totalCount } } } }",
            "{ poll(id: 1) { ...P } } fragment P on Poll { viewerCanVote }",
        ] {
            assert_eq!(lone(text), None, "{text}");
        }
    }
}
