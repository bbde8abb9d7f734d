"""The book's models."""
from django.db import models


class User(models.Model):
    username = models.TextField(unique=True)
    email = models.TextField()

    class Meta:
        db_table = "user"


class Poll(models.Model):
    question = models.TextField()
    created_by = models.ForeignKey(User, on_delete=models.CASCADE)
    pub_date = models.DateTimeField()

    class Meta:
        db_table = "poll"


class Choice(models.Model):
    poll = models.ForeignKey(Poll, related_name="choices", on_delete=models.CASCADE)
    choice_text = models.TextField()

    class Meta:
        db_table = "choice"


class Vote(models.Model):
    poll = models.ForeignKey(Poll, related_name="votes", on_delete=models.CASCADE)
    choice = models.ForeignKey(Choice, related_name="votes", on_delete=models.CASCADE)
    voted_by = models.ForeignKey(User, on_delete=models.CASCADE)

    class Meta:
        db_table = "vote"
        unique_together = [("poll", "voted_by")]


def cast_vote(choice_id, user_id):
    """Stores a vote; the database itself refuses a second one."""
    poll_id = Choice.objects.values_list("poll_id", flat=True).get(pk=choice_id)
    return Vote.objects.create(poll_id=poll_id, choice_id=choice_id, voted_by_id=user_id)
