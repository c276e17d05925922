"""Does an answer say that it is unsure, or that nobody can know? Read off phrases, so crude.

It reads words, not meaning: it misses doubt that is put otherwise, and counts a phrase that is quoted or said of a detail. "May", "might", "perhaps",
"probably" and "I think" are too weak to count: confident answers hold them too. "Depends on" counts where it evades (depends on many factors, on who you
ask), not where it explains (the boiling point depends on pressure). Use a judge model where the answer decides something, and report both.
"""

from __future__ import annotations

import re

# Up to two words that may stand between: "do not really know", "is not at all clear".
LOOSE = r"(?:\w+ ){0,2}"
CANNOT = r"(?:do not|don't|did not|didn't|could not|couldn't|can not|can't|cannot)"
SAY = (
    r"(?:know|say|tell|predict|determine|answer|forecast|foresee|guess|verify|confirm|estimate|be (?:sure|certain))\b(?! enough| you how\b| (?:\w+ ){0,3}apart)"
)
SAID = r"(?:known|predicted|determined|answered|foreseen|forecast|verified|proven|settled|resolved|established|certain|sure)\b(?! (?:to|as|for)\b)"
OPEN = r"(?:unknown|unclear|unknowable|unpredictable|undetermined|unresolved|uncertain|a mystery|an open question|anyone's guess)\b(?! to\b)"
NO = r"there(?: is|'s| are)(?: \w+)? (?:no|not|not enough|insufficient|too little)"
SURE = r"(?:definitive|definite|single|clear|certain|simple|right|universal|objective)"
# The speaker does not know.
SPEAKER = (
    rf"(?:i|we) (?:\w+ )?{CANNOT} {LOOSE}{SAY}(?! about you)",
    rf"(?:i|we)(?: am| are|'m|'re) {LOOSE}(?:unsure|uncertain|not {LOOSE}(?:sure|certain))\b",
    rf"(?:i|we)(?: am| are|'m|'re) (?:unable|not able) to {LOOSE}{SAY}",
    r"(?:i|we) have (?:\w+ )?no (?:idea|clue|way of|way to)",
    r"(?:i|we) (?:lack|do not have|don't have) (?:\w+ )?(?:access to|information|real-time|data|ability to (?:predict|know|see|determine|foresee))\b",
    r"(?:can't|cannot|unable to) (?:\w+ )?(?:provide|offer|give|access) (?:\w+ )?real-time",
    r"(?:to the best of my knowledge|as far as i know|if i (?:recall|remember) correctly|i (?:could|may|might) be (?:wrong|mistaken)|i'd be guessing)",
)
# Nobody can.
NOBODY = (
    rf"(?:impossible|not possible|isn't possible|hard|difficult|too early|too soon)(?: for \w+)? to {LOOSE}{SAY}",
    r"(?:predicting|forecasting|knowing|guessing) [^.!?]{1,60} (?:is|are) (?:\w+ )?(?:impossible|not possible|speculative|challenging|difficult)",
    rf"(?:no one|nobody|no human|none of us)(?: else)? (?:can |could |will |would )?{LOOSE}(?:{SAY}|knows|knew)",
    rf"no (?:\w+ )?(?:way|means|method) (?:to|of|for|for \w+ to) {LOOSE}(?:{SAY}|knowing|telling|saying|predicting|determining)",
    rf"{NO} (?:\w+ )?(?:certainty|telling|knowing|guarantee|consensus)\b",
    rf"(?:{NO}|isn't|does not have|doesn't have) (?:an? |one )?{SURE}(?:,? \w+){{0,3}} answer\b",
    rf"{NO} (?:\w+ )?(?:records?|evidence|proof|information|data)\b",
    r"(?:experts|scholars|historians|scientists|economists|philosophers|researchers) (?:\w+ )?(?:disagree|are divided|differ)\b",
    r"only time will tell",
)
# It is not known.
MATTER = (
    rf"(?:cannot|can not|can't|couldn't|could not) be {LOOSE}{SAID}",
    rf"(?:is|are|was|were|has|have)(?: not|n't) {LOOSE}{SAID}",
    rf"(?:is|are|was|were|remains?|it's|that's) {LOOSE}{OPEN}",
    r"(?:is|are|'s)(?: not|n't) (?:\w+ )?clear (?:whether|if|how|what|when|who|why|which)\b",
    r"(?:not|never|\w+n't|cannot) (?:\w+ ){0,6}with (?:\w+ )?certainty\b",
    r"(?:still|hotly|much|widely) (?:being )?(?:debated|disputed)|ongoing (?:\w+ )?debate|highly speculative|uncertainty (?:about|around|surrounding|remains)",
    r"(?:it|that|this|the answer|the outcome|the result) (?:\w+ )?depends\b",
    r"depend(?:s|ing)? (?:\w+ )?(?:up)?on (?:(?:a |the )?(?:many|several|various|multiple|numerous|countless|different|number|variety|range)\b|your\b)",
    r"depend(?:s|ing)? (?:\w+ )?(?:up)?on (?:how|what|which|whether|who|where|when)\b",
)
DOUBTS = re.compile(rf"\b(?:{'|'.join((*SPEAKER, *NOBODY, *MATTER))})", re.IGNORECASE)


def hedges(text: str) -> bool:
    """True where a phrase of uncertainty stands anywhere in the text; curly apostrophes read as straight ones, asterisks and extra white space as nothing."""
    return DOUBTS.search(" ".join(text.replace("\u2019", "'").replace("*", "").split())) is not None
