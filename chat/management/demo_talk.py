"""The small talk of `manage.py demo`: its rooms, and the remarks that people make."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple


class Place(NamedTuple):
    name: str
    topic: str
    size: int
    remarks: tuple[str, ...]
    kind: str = "public"
    staff_only: bool = False


ROOMS = (
    Place(
        "lounge",
        "Whatever is on your mind",
        12,
        (
            "the first snow of the year is falling here.",
            "I finally fixed that squeaky door.",
            "my neighbour has taken up the trombone.",
            "the tram was on time today, I have witnesses.",
            "there is a new café at the corner, and it is lovely.",
            "I slept nine hours and feel like a new person.",
        ),
    ),
    Place(
        "kitchen",
        "Recipes, leftovers and who took the good mug",
        10,
        (
            "I made the lentil soup again, with more lemon this time.",
            "my sourdough has risen to twice its size.",
            "somebody left a whole tray of cinnamon buns by the window.",
            "roasted carrots with a little honey are hard to beat.",
            "the trick is to salt the water before the pasta goes in.",
        ),
    ),
    Place(
        "bookshelf",
        "What we read",
        8,
        (
            "I could not put the second volume down last night.",
            "the library has a whole shelf of old travel guides.",
            "I am halfway through, and I suspect the gardener.",
            "the translation reads as if it were the original.",
            "next month's book has only 180 pages, promise.",
        ),
    ),
    Place(
        "trail-club",
        "Walks, rides and sore legs",
        9,
        (
            "the path around the lake is dry again.",
            "we saw two herons and a very confident squirrel.",
            "my new boots and I are not friends yet.",
            "Sunday looks sunny until about four.",
            "the hut at the top sells plum cake now.",
        ),
    ),
    Place(
        "music",
        "Now playing",
        7,
        (
            "the new album grows on me with every listen.",
            "I have two tickets for Friday and one free seat.",
            "that bass line has been in my head since breakfast.",
            "the choir is looking for tenors again.",
            "rainy days want a piano, I find.",
        ),
    ),
    Place(
        "help-desk",
        "No question is too small",
        11,
        (
            "the printer on the second floor works after a restart.",
            "my calendar shows every meeting twice.",
            "the guide for the new laptops is on the wiki.",
            "is the guest network slow for you, too?",
            "switching the keyboard layout fixed it for me.",
        ),
    ),
    Place(
        "birthday-plans",
        "Psst: not a word to Lena's sister",
        5,
        (
            "I can bring the lemon cake and the candles.",
            "the back room is ours from six on.",
            "we still need somebody who sings in tune.",
            "I found the card with the dancing otters.",
            "ten people said yes so far.",
        ),
        kind="private",
    ),
    Place(
        "backstage",
        "For staff: what is coming up",
        3,
        (
            "the backup ran through in eleven minutes.",
            "I have put the on-call plan for next month online.",
            "the update went out without a hitch.",
            "two new accounts were made this morning.",
            "I will be away on Thursday, Elif has the keys.",
        ),
        staff_only=True,
    ),
)

OPENERS = (
    "Good morning, everybody:",
    "Guess what:",
    "Small joys:",
    "Quick update:",
    "News from me:",
    "Hello from the train:",
    "In case anybody wondered:",
    "For the record:",
)

ENDINGS = (
    "What do you think?",
    "Anybody else?",
    "Just saying. 🙂",
    "It made my day.",
    "More tomorrow!",
    "I thought you should know.",
    "",
    "",
)

ANSWERS = (
    "Oh, that is good to hear!",
    "Same here.",
    "Ha, I was about to say that.",
    "Tell us more!",
    "I would not have guessed.",
    "Count me in.",
    "Thank you, I needed that today.",
    "You are the best. ❤️",
    "That sounds like a plan.",
    "I am a little jealous now.",
    "Let me know how it goes.",
    "Wonderful!",
    "I have been meaning to ask about that.",
    "Can confirm, I was there.",
    "Remind me again tomorrow, please?",
    "I will take a photo next time.",
    "Good point.",
    "Haha, of course you did. 😄",
    "It was the same last year, as far as I remember.",
    "Next time I will join you.",
    "Now I am hungry.",
    "No hurry, really.",
    "My sister would love this.",
    "Sounds like a proper Monday.",
)

EMOJI = ("👍", "❤️", "😄", "🎉", "👀", "🙏")


def small_talk(rng: Random, place: Place, count: int) -> Iterator[str]:
    """A remark, two answers, and so on; nothing twice."""
    remarks = iter(rng.sample(place.remarks, -(-count // 3)))
    answers = iter(rng.sample(ANSWERS, count))
    yield f"{rng.choice(OPENERS)} {next(remarks)}"
    for number in range(1, count):
        if number % 3:
            yield next(answers)
        else:
            remark = next(remarks)
            yield f"{remark[0].upper()}{remark[1:]} {rng.choice(ENDINGS)}".strip()
