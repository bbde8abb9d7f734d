"""The book's Django REST framework app, as it is and with the answers of the GraphQL operations."""
from django.db import IntegrityError
from django.db.models import Count, Prefetch
from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import Choice, Poll, Vote, cast_vote


class BookVote(serializers.ModelSerializer):
    class Meta:
        model = Vote
        fields = "__all__"


class BookChoice(serializers.ModelSerializer):
    votes = BookVote(many=True, required=False)

    class Meta:
        model = Choice
        fields = "__all__"


class BookPoll(serializers.ModelSerializer):
    choices = BookChoice(many=True, read_only=True, required=False)

    class Meta:
        model = Poll
        fields = "__all__"


class BookList(generics.ListAPIView):
    """The book's list as it is: all polls with all votes, a query a poll and a choice."""

    queryset = Poll.objects.order_by("id")
    serializer_class = BookPoll


class CountedChoice(serializers.ModelSerializer):
    choiceText = serializers.CharField(source="choice_text")
    voteCount = serializers.IntegerField(source="vote_count")

    class Meta:
        model = Choice
        fields = ["id", "choiceText", "voteCount"]


class Creator(serializers.Serializer):
    username = serializers.CharField()


class ListedPoll(serializers.ModelSerializer):
    pubDate = serializers.DateTimeField(source="pub_date")
    createdBy = Creator(source="created_by")
    choices = CountedChoice(many=True)

    class Meta:
        model = Poll
        fields = ["id", "question", "pubDate", "createdBy", "choices"]


class OnePoll(serializers.ModelSerializer):
    choices = CountedChoice(many=True)

    class Meta:
        model = Poll
        fields = ["id", "question", "choices"]


def counted():
    return Prefetch("choices", Choice.objects.annotate(vote_count=Count("votes")).order_by("id"))


class CountedList(generics.ListAPIView):
    """The fields of the GraphQL `list`, in two queries."""

    serializer_class = ListedPoll

    def get_queryset(self):
        first = int(self.request.query_params.get("first", 20))
        return Poll.objects.order_by("id").select_related("created_by").prefetch_related(counted())[:first]


class CountedOne(generics.RetrieveAPIView):
    """The fields of the GraphQL `one`, in two queries."""

    serializer_class = OnePoll

    def get_queryset(self):
        return Poll.objects.prefetch_related(counted())


class CastVote(APIView):
    def post(self, request, choice_pk):
        try:
            vote = cast_vote(choice_pk, int(request.data["voted_by"]))
        except Choice.DoesNotExist:
            return Response({"error": "There is no such choice."}, status=404)
        except IntegrityError:
            return Response({"error": "You have voted on this poll."}, status=400)
        count = Vote.objects.filter(choice_id=choice_pk).count()
        return Response({"id": vote.pk, "choice": {"voteCount": count}}, status=201)
