"""What a confirmatory factor model says: which items each factor is measured by, as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor and the items that measure it.

    Attributes
    ----------
    name : str
        For example "anxiety".
    items : tuple of str
        The first is the marker wherever a factor takes its unit from an item.
    """

    name: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactorModel:
    """Factors that may all correlate, each measured by its items; residuals do not correlate.

    An item may belong to more than one factor.

    Raises
    ------
    ValueError
        When there is no factor, two have one name, or a factor has no item or one item twice.
    """

    factors: tuple[Factor, ...]

    def __post_init__(self) -> None:
        if not self.factors:
            raise ValueError("the model has no factor; expected at least one")
        twice = _repeated(self.names)
        if twice:
            raise ValueError(f"the model has more than one factor called {twice[0]!r}")
        for factor in self.factors:
            if not factor.items:
                raise ValueError(f"factor {factor.name!r} has no items; expected at least one")
            twice = _repeated(factor.items)
            if twice:
                raise ValueError(f"factor {factor.name!r} has item {twice[0]!r} twice")

    @property
    def names(self) -> tuple[str, ...]:
        """Factors in the order given."""
        return tuple(factor.name for factor in self.factors)

    @property
    def items(self) -> tuple[str, ...]:
        """Items in the order in which the factors first name them."""
        return tuple(dict.fromkeys(item for factor in self.factors for item in factor.items))

    @property
    def n_loadings(self) -> int:
        """Pairs of a factor and an item of it."""
        return sum(len(factor.items) for factor in self.factors)

    @property
    def n_parameters(self) -> int:
        """Loadings, factor correlations and residual variances; means are not counted."""
        m = len(self.factors)
        return self.n_loadings + m * (m - 1) // 2 + len(self.items)

    @property
    def df(self) -> int:
        """Degrees of freedom: variances and covariances less what is estimated from them."""
        k = len(self.items)
        return k * (k + 1) // 2 - self.n_parameters


def factor_model(factors: Mapping[str, Sequence[str]]) -> FactorModel:
    """Return the model whose factors have these names and items, in this order."""
    return FactorModel(tuple(Factor(name, tuple(items)) for name, items in factors.items()))


def one_factor(items: Sequence[str], *, name: str = "general") -> FactorModel:
    """Return the model in which one factor is behind every item."""
    return FactorModel((Factor(name, tuple(items)),))


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]
