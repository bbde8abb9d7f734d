from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from strawberry.django.views import GraphQLView

from polls import rest
from polls.gql import schema

urlpatterns = [
    path("graphql", csrf_exempt(GraphQLView.as_view(schema=schema, graphql_ide=None))),
    path("book/polls/", rest.BookList.as_view()),
    path("polls/", rest.CountedList.as_view()),
    path("polls/<int:pk>/", rest.CountedOne.as_view()),
    path("choices/<int:choice_pk>/vote/", rest.CastVote.as_view()),
]
