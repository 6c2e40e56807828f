"""YAML as text with the places that it was written at.

Every scalar is the text that stands there: `python: 3.10` is not the number 3.1. Nothing is ever constructed, so no
tag can have an effect.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlsql_engine.core.errors import suggestion
from mlsql_engine.core.span import Source, Span
from mlsql_engine.environments.documents import needed, wrong

if TYPE_CHECKING:
    import yaml

_NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True)
class YamlValue:
    """A value of a document; `node` is None where there is nothing at all."""

    node: yaml.Node | None
    source: Source

    @property
    def span(self) -> Span:
        """Where it stands."""
        if self.node is None:
            return Span(self.source, 0, 0)
        return Span(self.source, self.node.start_mark.index, self.node.end_mark.index)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing, or null."""
        return self.node is None or self.node.tag == _NULL

    def is_mapping(self) -> bool:
        """Whether it has keys."""
        import yaml

        return isinstance(self.node, yaml.MappingNode)

    def text(self, what: str) -> str:
        """A single value. Raises MlsqlError with code ENVIRONMENT_FILE for anything else; `what` is its name."""
        import yaml

        if not isinstance(self.node, yaml.ScalarNode) or self.is_empty:
            raise wrong(f"{what} is one value", self.span)
        return str(self.node.value).strip()

    def items(self, what: str) -> list[YamlValue]:
        """The values of a list, of which nothing is an empty one. Raises MlsqlError as `text` does."""
        import yaml

        if self.is_empty:
            return []
        if not isinstance(self.node, yaml.SequenceNode):
            raise wrong(f"{what} is a list", self.span, hint=f"{what}:\n      - first\n      - second")
        return [YamlValue(node, self.source) for node in self.node.value]

    def keys(self, what: str, known: Collection[str]) -> dict[str, YamlValue]:
        """The values by their keys.

        Raises MlsqlError as `text` does, also for a key that is there twice, or not `known` where any is.
        """
        import yaml

        if self.is_empty:
            return {}
        if not isinstance(self.node, yaml.MappingNode):
            raise wrong(f"{what} has keys and values", self.span, hint=f"it has: {', '.join(known)}")
        found: dict[str, YamlValue] = {}
        for key_node, node in self.node.value:
            key = YamlValue(key_node, self.source)
            name = key.text(f"a key of {what}")
            if known and name not in known:
                raise wrong(f"'{name}' is no key of {what}", key.span, suggestion(name, sorted(known), "key"))
            if name in found:
                raise wrong(f"the key '{name}' is there twice", key.span)
            found[name] = YamlValue(node, self.source)
        return found


def parse(source: Source) -> YamlValue:
    """The document. Raises MlsqlError with code ENVIRONMENT_FILE for what is not YAML, or several documents."""
    needed("yaml")
    import yaml

    try:
        return YamlValue(yaml.compose(source.text, Loader=yaml.SafeLoader), source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        span = None if mark is None else Span(source, mark.index, mark.index + 1)
        raise wrong(f"the file is not YAML: {error.problem or error.context}", span) from error
    except yaml.YAMLError as error:
        raise wrong(f"the file {source.name} is not YAML: {str(error).splitlines()[0]}", None) from error
