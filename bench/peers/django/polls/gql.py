"""The Strawberry-Django schema, with its optimizer and the caches of parsed documents."""
from typing import Optional

import strawberry
import strawberry_django
from django.db import IntegrityError
from django.db.models import Count
from strawberry.extensions import ParserCache, ValidationCache
from strawberry_django.optimizer import DjangoOptimizerExtension

from . import models


@strawberry_django.type(models.User, name="User")
class User:
    username: strawberry.auto
    email: strawberry.auto


@strawberry_django.type(models.Choice, name="Choice", ordering=None)
class Choice:
    id: int
    choice_text: strawberry.auto
    vote_count: int = strawberry_django.field(annotate=Count("votes"))


@strawberry_django.type(models.Poll, name="Poll")
class Poll:
    id: int
    question: strawberry.auto
    pub_date: strawberry.auto
    created_by: User
    choices: list[Choice]


@strawberry.type
class Vote:
    id: int
    choice: Choice


@strawberry.type
class UserError:
    code: str
    message: str


@strawberry.type
class CastVotePayload:
    vote: Optional[Vote]
    user_errors: list[UserError]


def refused(code, message):
    return CastVotePayload(vote=None, user_errors=[UserError(code=code, message=message)])


@strawberry.type
class Query:
    @strawberry_django.field
    def polls(self, first: int = 20) -> list[Poll]:
        return models.Poll.objects.order_by("id")[:first]

    @strawberry_django.field
    def poll(self, id: int) -> Optional[Poll]:
        return models.Poll.objects.filter(pk=id)


@strawberry.type
class Mutation:
    @strawberry.mutation
    def cast_vote(self, choice_id: int, user_id: int) -> CastVotePayload:
        try:
            vote = models.cast_vote(choice_id, user_id)
        except models.Choice.DoesNotExist:
            return refused("NOT_FOUND", "There is no such choice.")
        except IntegrityError:
            return refused("ALREADY_VOTED", "You have voted on this poll.")
        choice = models.Choice.objects.annotate(vote_count=Count("votes")).get(pk=choice_id)
        return CastVotePayload(vote=Vote(id=vote.pk, choice=choice), user_errors=[])


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    extensions=[DjangoOptimizerExtension, ParserCache(maxsize=128), ValidationCache(maxsize=128)],
)
