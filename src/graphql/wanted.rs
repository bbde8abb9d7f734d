//! Which columns a document asks for.
//!
//! What a type's fields are made of stands here, field by field. A document wants the columns of
//! all fields whose names are in it, wherever they stand: what is loaded once serves every place.

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use crate::{
    entity::{choice, poll, user, vote},
    tenancy::Columns,
};

/// The columns that the resolvers of a document look at, besides keys.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Of polls.
    pub poll: Columns,
    /// Of choices.
    pub choice: Columns,
    /// Of people.
    pub user: Columns,
    /// Of votes.
    pub vote: Columns,
}

/// Fields, each with the places of the columns that its resolver looks at.
type Fields = [(&'static str, &'static [usize])];

macro_rules! fields {
    ($entity:ident: $($field:literal => [$($column:ident),*]),* $(,)?) => {
        &[$(($field, &[$($entity::Column::$column as usize),*])),*]
    };
}

const OF_POLLS: &Fields = fields!(poll:
    "id" => [],
    "question" => [Question],
    "ballot" => [Ballot],
    "createdBy" => [CreatedById],
    "pubDate" => [PubDate],
    "updatedAt" => [UpdatedAt],
    "closesAt" => [ClosesAt],
    "isOpen" => [ClosesAt],
    "choices" => [],
    "totalVotes" => [],
    "viewerVote" => [],
    "viewerCanVote" => [ClosesAt],
    "viewerCanUpdate" => [CreatedById],
    "viewerCanDelete" => [CreatedById],
    // Also those of a choice.
    "votes" => [Ballot],
    // Of a connection.
    "cursor" => [PubDate, ClosesAt],
    "pageInfo" => [PubDate, ClosesAt],
);

const OF_CHOICES: &Fields = fields!(choice:
    "id" => [],
    "poll" => [PollId],
    "choiceText" => [ChoiceText],
    "voteCount" => [VoteCount],
    "viewerHasVoted" => [PollId],
    "votes" => [PollId],
    // Of a poll.
    "totalVotes" => [VoteCount],
);

const OF_PEOPLE: &Fields = fields!(user:
    "id" => [],
    "username" => [Username],
    "email" => [Email],
    "role" => [Role],
    "isActive" => [IsActive],
    "polls" => [],
);

const OF_VOTES: &Fields = fields!(vote:
    "id" => [],
    "poll" => [PollId],
    "choice" => [ChoiceId],
    "votedBy" => [VotedById],
    "votedAt" => [VotedAt],
    // Of a choice.
    "viewerHasVoted" => [ChoiceId],
);

/// Root fields that look at rows to see whether they may be shown.
const JUDGES: [&str; 2] = ["node", "nodes"];

impl Wanted {
    /// All columns.
    pub const ALL: Self =
        Self { poll: Columns::ALL, choice: Columns::ALL, user: Columns::ALL, vote: Columns::ALL };

    /// What a document wants.
    pub(super) fn of(document: &ExecutableDocument) -> Self {
        let key = Columns::KEY;
        let mut wanted = Self { poll: key, choice: key, user: key, vote: key };
        let fragments = document.fragments.values();
        let fragments = fragments.map(|fragment| {
            (
                &fragment.node.selection_set.node,
                fragment.node.type_condition.node.on.node == "Query",
            )
        });
        let operations = document.operations.iter();
        let operations =
            operations.map(|(_, operation)| (&operation.node.selection_set.node, true));
        for (set, is_root) in operations.chain(fragments) {
            if !wanted.add(set, is_root) {
                return Self::ALL;
            }
        }
        wanted
    }

    /// Adds what a selection wants; false if that is everything.
    fn add(&mut self, set: &SelectionSet, is_root: bool) -> bool {
        set.items.iter().all(|item| match &item.node {
            Selection::Field(field) => {
                let name = field.node.name.node.as_str();
                self.add_field(name);
                !(is_root && JUDGES.contains(&name))
                    && self.add(&field.node.selection_set.node, false)
            }
            Selection::InlineFragment(inline) => self.add(&inline.node.selection_set.node, is_root),
            // All fragments are looked at by themselves.
            Selection::FragmentSpread(_) => true,
        })
    }

    fn add_field(&mut self, name: &str) {
        for (columns, fields) in [
            (&mut self.poll, OF_POLLS),
            (&mut self.choice, OF_CHOICES),
            (&mut self.user, OF_PEOPLE),
            (&mut self.vote, OF_VOTES),
        ] {
            let places = fields.iter().filter(|(field, _)| *field == name);
            for place in places.flat_map(|(_, places)| *places) {
                *columns = columns.with(*place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::{
        parse_query, parse_schema,
        types::{TypeKind, TypeSystemDefinition},
    };

    use super::*;

    fn of(query: &str) -> Wanted {
        Wanted::of(&parse_query(query).unwrap())
    }

    #[test]
    fn every_field_of_the_schema_has_its_columns() {
        let schema = parse_schema(include_str!("../../schema.graphql")).unwrap();
        for (name, known) in
            [("Poll", OF_POLLS), ("Choice", OF_CHOICES), ("User", OF_PEOPLE), ("Vote", OF_VOTES)]
        {
            let fields = schema.definitions.iter().find_map(|definition| match definition {
                TypeSystemDefinition::Type(found) if found.node.name.node == name => {
                    match &found.node.kind {
                        TypeKind::Object(object) => Some(&object.fields),
                        _ => None,
                    }
                }
                _ => None,
            });
            for field in fields.unwrap() {
                let field = field.node.name.node.as_str();
                assert!(known.iter().any(|(known, _)| *known == field), "{name}.{field}");
            }
        }
    }

    #[test]
    fn names_count_wherever_they_stand() {
        let wanted = of("query A { polls { nodes { ...P } } } query B { viewer { role } } \
                         fragment P on Poll { question createdBy { ... { username } } }");
        let poll = Columns::KEY
            .with(poll::Column::Question as usize)
            .with(poll::Column::CreatedById as usize);
        let user =
            Columns::KEY.with(user::Column::Username as usize).with(user::Column::Role as usize);
        assert_eq!((wanted.poll, wanted.user, wanted.vote), (poll, user, Columns::KEY));
    }

    #[test]
    fn what_is_judged_is_read_whole() {
        for query in [
            "{ node(id: 1) { id } }",
            "{ ... on Query { nodes(ids: 1) { id } } }",
            "{ ...Q } fragment Q on Query { a: node(id: 1) { id } }",
        ] {
            assert_eq!(of(query).poll, Columns::ALL, "{query}");
        }
        assert_eq!(of("{ polls { edges { node { id } } nodes { id } } }").poll, Columns::KEY);
    }
}
