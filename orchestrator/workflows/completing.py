"""Words that are a step by where they stand: things under ``Prerequisites``, names of steps, ticked boxes, as whole sentences."""

from __future__ import annotations

from orchestrator.workflows import forms, grammar, hidden, instruct, obliged, words
from orchestrator.workflows.conditions import Conditions
from orchestrator.workflows.naming import Unclear
from orchestrator.workflows.phrasing import is_denial, is_of_consent
from orchestrator.workflows.prose import Sentence
from orchestrator.workflows.standing import Under

_WAYS = frozenset({"wait", "stop", "end", "go", "return", "repeat", "continue", "skip"})
"""First words of what leads on, and is no name of a step."""


class Completing(Conditions):
    """What the place of a sentence adds to its words."""

    def _in_full(self, sentence: Sentence, text: str) -> str:
        """What stands under ``Prerequisites`` and is no step is something to have; under ``Our commitments``, to see to."""
        alone = forms.VERB_ALONE.fullmatch(text)
        if alone and alone["verb"].lower() in words.VERBS:
            return f"{text[:-1]} these:"
        promised = forms.PROMISED.fullmatch(text)
        if promised and self._doer() and not is_denial(promised["what"]):
            return f"{self._sees_to()} {promised['what']} {promised['when'][0].lower()}{promised['when'][1:]}"
        if self._doer() and (
            (id(sentence) in self.among_steps and self._is_nominal(text))
            or (sentence.boxed and obliged.is_done(text) and not is_of_consent(text) and not self._is_activity(text))
            or self._is_owed(text)
            or self._holds(text)
        ):
            return f"{self._sees_to()} {text}"
        is_thing = forms.THING.fullmatch(text) is not None and not (is_of_consent(text) or obliged.is_past(text))
        if self._under is not Under.NEEDS or not self._doer() or not is_thing:
            return text
        return (
            text
            if self._is_activity(text)
            else f"You need {text[0].lower() if text[1:2].islower() or text[1:2] == ' ' else text[0]}{text[1:]}"
        )

    def _is_owed(self, text: str) -> bool:
        return self._under is Under.OWED and forms.THING.fullmatch(text) is not None and not self._is_activity(text)

    def _is_nominal(self, text: str) -> bool:
        """Whether a numbered item among steps names what is to be done: ``Forensic analysis of the hosts``."""
        first = text.split(" ", maxsplit=1)[0].lower()
        if first in _WAYS or hidden.OR_SOMEBODY.match(text):
            return False
        is_named = (
            forms.THING.fullmatch(text) is not None
            and not is_of_consent(text)
            and forms.QUALIFIES.fullmatch(text) is None
        )
        if not is_named or text.startswith("`"):
            return False
        try:
            return grammar.activity(text, self._doer(), self.declared.roles) is None
        except Unclear:
            return instruct.may_be_a_thing(text)

    def _holds(self, text: str) -> bool:
        """Whether the sentence says what has to be so before the first step (``The form is signed``), or of a record afterwards."""
        is_so = obliged.happens(text) if self._under is Under.OWED else obliged.is_state(text)
        is_apart = self._under in {Under.OWED, Under.NEEDS} and not is_of_consent(text)
        return is_apart and is_so and not self._is_activity(text)

    def _sees_to(self) -> str:
        return f"The {self._doer().replace('-', ' ')} sees to this:"

    def _is_activity(self, text: str) -> bool:
        try:
            return grammar.activity(text, self._doer(), self.declared.roles) is not None
        except Unclear:
            return False
