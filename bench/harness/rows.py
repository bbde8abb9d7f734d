"""The rows of a tenant: the same for every contender, and told by the tenant's number alone."""
import hashlib
import random
from datetime import datetime, timedelta

from . import settings

NEWEST = datetime(2026, 6, 30, 23, 58, 31)


def tenant_rows(number, polls=settings.POLLS):
    """Polls, choices and votes as tuples. Poll 1 is the newest, so that order by number and by date
    is the same. The first 40 people vote on every poll."""
    rnd = random.Random(1_000_003 * (number + 1))
    poll_rows, choice_rows, vote_rows = [], [], []
    for poll in range(1, polls + 1):
        tag = hashlib.sha256(f"{number}/{poll}".encode()).hexdigest()[:12]
        question = f"Tenant {number:04d} poll {poll:03d}: which option should win ({tag})?"
        date = NEWEST - timedelta(minutes=317 * poll)
        poll_rows.append((poll, question, rnd.randint(1, settings.BASE_USERS), f"{date:%Y-%m-%d %H:%M:%S}"))
        first = (poll - 1) * settings.CHOICES + 1
        for place in range(settings.CHOICES):
            choice_rows.append((first + place, poll, place, f"Option {place + 1} of poll {poll:03d}"))
        for voter in range(1, settings.VOTES + 1):
            choice = first + rnd.choices(range(settings.CHOICES), (5, 3, 2, 1))[0]
            vote_rows.append((len(vote_rows) + 1, poll, choice, voter))
    return poll_rows, choice_rows, vote_rows


def people(users):
    """Number, name, address: as `polls seed` names them."""
    return [(user, f"user{user}", f"user{user}@example.com") for user in range(1, users + 1)]
