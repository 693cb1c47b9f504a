"""`asyncapi.yaml`: the socket's protocol, generated from the msgspec types.

Nothing is listed here. Commands, replies, events and codes are found in their modules,
so a new one is described at once. A message has the name of its class, because all
replies share one `type`. The name of a command ends in `Command`, because both sides
have a `ping`.
"""

from typing import Any

import yaml

from .messages import message, operations
from .prose import channel, close_codes, error_codes, info, security_schemes, servers
from .schemas import command_schemas, merged, sent_schemas
from .surface import Json, commands, name_of, sent


def document() -> Json:
    """The whole document, in the order in which people read it."""
    schemas = merged(command_schemas(), sent_schemas())
    types = [*commands(), *sent()]
    messages = {name_of(cls): message(cls, schemas) for cls in types}
    return {
        "asyncapi": "3.0.0",
        "info": info(),
        "defaultContentType": "application/json",
        "servers": servers(),
        "channels": {"socket": channel(messages)},
        "operations": dict(operations()),
        "components": {
            "messages": messages,
            "schemas": schemas,
            "securitySchemes": security_schemes(),
        },
        "x-error-codes": error_codes(),
        "x-close-codes": close_codes(),
    }


def as_yaml() -> str:
    return yaml.dump(
        document(),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
    )


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """A value that occurs twice is written twice, because people read this file."""
        return True
