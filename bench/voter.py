#!/usr/bin/env python3
"""Votes at a steady pace: voter.py PORT FOLDER VOTES_A_SECOND SECONDS

The folder is one that the harness writes for load.lua. Vote n is due n paces after the beginning;
several connections take them in turn, so that a slow answer does not hold up the next vote. Prints
what it did as one line of JSON.
"""
import http.client
import json
import re
import sys
import threading
import time
from pathlib import Path

CONNECTIONS = 8
POLLS, CHOICES = 50, 4


class Voter:
    """What is sent, and how it went."""

    def __init__(self, port, folder, rate, seconds):
        self.port, self.rate, self.seconds = port, rate, seconds
        self.host, = (folder / "hosts.txt").read_text().split()
        self.choices = (folder / "choices.txt").read_text().split()
        self.voters = (folder / "voters.txt").read_text().split()
        pattern = (folder / "votes.lua").read_text()
        self.body = json.loads("[" + re.search(r"body = \{ (.*) \},", pattern).group(1) + "]")
        self.path, = json.loads("[" + re.search(r"path = \{ (.*) \},", pattern).group(1) + "]")
        self.sent, self.wrong, self.lock = 0, 0, threading.Lock()
        self.begun = time.monotonic()

    def run(self):
        threads = [threading.Thread(target=self.take, args=(first,)) for first in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"sent": self.sent, "wrong": self.wrong, "rate": round(self.sent / self.seconds, 1)}

    def take(self, number):
        """Every eighth vote, each when it is due or as soon as the one before is answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        while time.monotonic() - self.begun < self.seconds:
            pause = self.begun + number / self.rate - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            right = self.vote(connection, number)
            with self.lock:
                self.sent += 1
                self.wrong += not right
            number += CONNECTIONS

    def vote(self, connection, number):
        voter, choice = self.voters[number // POLLS], self.choices[number % POLLS * CHOICES]
        headers = {"Host": self.host, "Content-Type": "application/json", "Authorization": f"Bearer {voter}"}
        connection.request("POST", self.path, self.body[0] + choice + self.body[1], headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status == 200 and b'"errors"' not in text and b'"code"' not in text


if __name__ == "__main__":
    port, folder, rate, seconds = sys.argv[1:]
    print(json.dumps(Voter(int(port), Path(folder), float(rate), float(seconds)).run()))
