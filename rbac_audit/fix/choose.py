"""Which role template is the least that is enough for a subject in a project."""

from collections.abc import Iterable, Mapping
from enum import Enum

import msgspec

from rbac_audit.answers.what import compact
from rbac_audit.fix.objects import role_template
from rbac_audit.fix.offers import Gain, Offer, Offers
from rbac_audit.fix.plan import Candidate
from rbac_audit.fix.rights import Cover, Rights, Some
from rbac_audit.rancher.projects import ProjectInfo
from rbac_audit.snapshot.objects import RoleRef, RoleTemplate, Subject

_SHOWN, _LINES = 2, 5


class AllowGain(Enum):
    """What a step may add without consent.

    `none`: nothing; `same-project`: in the namespaces of the project, and what every project binding brings;
    `listed`: whatever the plan lists.
    """

    NONE = "none"
    SAME_PROJECT = "same-project"
    LISTED = "listed"

    def forbids(self, gain: Gain) -> bool:
        """Tell whether a gain needs consent."""
        if self is AllowGain.SAME_PROJECT:
            return gain.reach not in {"project", "standing"}
        return self is AllowGain.NONE


class Choice(msgspec.Struct, frozen=True, eq=False):
    """The template for a subject, whether it has to be made first, what it adds, and what else was weighed."""

    offer: Offer
    is_new: bool
    gains: tuple[Gain, ...]
    candidates: tuple[Candidate, ...]


class Chooser:
    """Chooses among existing role templates, and makes an exact one where none of them fits the policy."""

    def __init__(self, offers: Offers, allow: AllowGain, known: Mapping[str, RoleTemplate]) -> None:
        """Keep the templates, the policy, and every template by name."""
        self.offers, self._allow, self._known = offers, allow, known
        self._over: dict[tuple[str, Rights], Some] = {}
        self._exact: dict[tuple[Rights, tuple[str, ...]], Offer] = {}

    def choose(self, subject: Subject, project: ProjectInfo, wanted: Rights, roles: Iterable[RoleRef]) -> Choice:
        """Choose for rights that a subject holds now; `roles` are those that it holds them by.

        Existing templates first, by what they add: cluster-wide rights before all others, then in all.
        """
        exact = self._made(wanted, tuple(roles))
        covering = [offer for offer in self.offers.all if not self.offers.lacks(offer, wanted).atoms]
        weighed = sorted((self._weighed(offer, subject, project) for offer in covering), key=_rank)
        mine = self._weighed(exact, subject, project)
        limit = _beyond(mine[1])
        fitting = [item for item in weighed if self._fits(item, wanted, limit)]
        chosen = fitting[0] if fitting else mine
        is_new = not fitting and exact.name not in self._known
        candidates = self._candidates(subject, wanted, [chosen, *(item for item in weighed if item is not chosen)])
        return Choice(chosen[0], is_new, chosen[1], candidates)

    def _weighed(self, offer: Offer, subject: Subject, project: ProjectInfo) -> tuple[Offer, tuple[Gain, ...]]:
        return offer, self.offers.gains(offer, subject, project)

    def _fits(self, item: tuple[Offer, tuple[Gain, ...]], wanted: Rights, limit: int) -> bool:
        offer, gains = item
        match self._allow:
            case AllowGain.LISTED:
                return True
            case AllowGain.SAME_PROJECT:
                return _beyond(gains) <= limit
            case AllowGain.NONE:
                return _beyond(gains) <= limit and not self._surplus(offer, wanted).atoms

    def _surplus(self, offer: Offer, wanted: Rights) -> Some:
        key = (offer.name, wanted)
        if key not in self._over:
            self._over[key] = self.offers.some(Cover(wanted).uncovered(offer.rights))
        return self._over[key]

    def _made(self, wanted: Rights, roles: tuple[RoleRef, ...]) -> Offer:
        """Make a template of exactly these rights.

        It inherits the external templates of the roles that are held, so that it follows them at an upgrade.
        """
        names = sorted({role.name for role in roles})
        key = (wanted, tuple(names))
        if key not in self._exact:
            inherited = [
                offer
                for offer in self.offers.all
                if offer.template.external and offer.name in names and not self._surplus(offer, wanted).atoms
            ]
            held = [atom for offer in inherited for atom in offer.rights]
            rules = compact(Cover(held).uncovered(wanted))
            title = f"Exactly {', '.join(names)}"[:120]
            template = role_template(rules, tuple(offer.name for offer in inherited), title, self._known)
            self._exact[key] = self.offers.new(template)
        return self._exact[key]

    def _candidates(
        self, subject: Subject, wanted: Rights, weighed: list[tuple[Offer, tuple[Gain, ...]]]
    ) -> tuple[Candidate, ...]:
        """Show the chosen one, the next best, and those that lack least."""
        names = {offer.name for offer, _ in weighed}
        short = [(self.offers.lacks(offer, wanted), offer) for offer in self.offers.all if offer.name not in names]
        nearly = sorted(short, key=lambda item: (item[0].weight, item[1].name))[:_SHOWN]
        enough = [
            Candidate(
                role_template=offer.name,
                subject=str(subject),
                adds=_added(gains),
                surplus=_first(self._surplus(offer, wanted).words),
                lacks=(),
                chosen=number == 0,
            )
            for number, (offer, gains) in enumerate(weighed[: _SHOWN + 1])
        ]
        lacking = [
            Candidate(
                role_template=offer.name,
                subject=str(subject),
                adds=self._surplus(offer, wanted).weight,
                surplus=_first(self._surplus(offer, wanted).words),
                lacks=_first(missing.words),
            )
            for missing, offer in nearly
            if len(missing.atoms) < len(wanted)
        ]
        return (*enough, *lacking)


def _rank(item: tuple[Offer, tuple[Gain, ...]]) -> tuple[int, int, str]:
    return _cluster_wide(item[1]), _added(item[1]), item[0].name


def _cluster_wide(gains: Iterable[Gain]) -> int:
    return sum(gain.rights.weight for gain in gains if gain.reach == "cluster")


def _beyond(gains: Iterable[Gain]) -> int:
    """Weigh what reaches out of the project's namespaces."""
    return sum(gain.rights.weight for gain in gains if gain.reach in {"cluster", "management"})


def _added(gains: Iterable[Gain]) -> int:
    return sum(gain.rights.weight * len(gain.namespaces) for gain in gains if gain.reach != "standing")


def _first(lines: tuple[str, ...]) -> tuple[str, ...]:
    return lines if len(lines) <= _LINES else (*lines[: _LINES - 1], f"and {len(lines) - _LINES + 1} more lines")
